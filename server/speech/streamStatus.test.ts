import { expect, test } from 'vitest';
import type { CaptionEvent } from '../../contract/types.ts';
import { noMeter } from './meter.ts';
import { StreamStatus } from './streamStatus.ts';
import type { StreamIdentity } from './utterances.ts';

test('the room is told of a state when it changes, however often the engine says it', () => {
  const told: CaptionEvent[] = [];
  const speaker = { id: 'ada', name: 'Ada' };
  const identity: StreamIdentity = { streamId: 's', roomId: 'r', engine: 'aws', speaker };
  const publish = (_: string, event: CaptionEvent) => void told.push(event);
  const status = new StreamStatus(identity, { publish }, noMeter);
  status.begin();
  status.hearing({ state: 'listening' });
  status.quiet(true);
  status.quiet(true);
  status.hearing({ state: 'listening' });
  status.quiet(false);
  status.hearing({ state: 'recovering', reason: 'engine_failed' });
  status.hearing({ state: 'recovering', reason: 'engine_failed' });
  status.hearing({ state: 'recovering', reason: 'engine_unreachable' });
  status.hearing({ state: 'paused', reason: 'queued', place: 2 });
  status.hearing({ state: 'paused', reason: 'queued', place: 1 });
  status.hearing({ state: 'listening' }, 'sherpa');
  status.hearing({ state: 'listening' }, 'sherpa');
  expect(
    told.map((event) => event.type === 'stream' && [event.state, event.engine, event.reason, event.place]),
  ).toEqual([
    ['listening', 'aws', undefined, undefined],
    ['paused', 'aws', 'silence', undefined],
    ['listening', 'aws', undefined, undefined],
    ['recovering', 'aws', 'engine_failed', undefined],
    ['recovering', 'aws', 'engine_unreachable', undefined],
    ['paused', 'aws', 'queued', 2],
    ['paused', 'aws', 'queued', 1],
    ['listening', 'sherpa', undefined, undefined],
  ]);
});
