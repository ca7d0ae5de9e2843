import { expect, test } from 'vitest';
import type { CaptionEvent } from '../../contract/types.ts';
import { noMeter } from './meter.ts';
import { StreamStatus } from './streamStatus.ts';
import type { StreamIdentity } from './utterances.ts';

test('a status is published when it changes, however often it is set', () => {
  const events: CaptionEvent[] = [];
  const speaker = { id: 'ada', name: 'Ada' };
  const identity: StreamIdentity = { streamId: 's', roomId: 'r', engine: 'aws', speaker };
  const publish = (_: string, event: CaptionEvent) => void events.push(event);
  const status = new StreamStatus(identity, { publish }, noMeter);
  status.startSegment();
  status.setEngineStatus({ state: 'listening' });
  status.setSilent(true);
  status.setSilent(true);
  status.setEngineStatus({ state: 'listening' });
  status.setSilent(false);
  status.setEngineStatus({ state: 'recovering', reason: 'engine_failed' });
  status.setEngineStatus({ state: 'recovering', reason: 'engine_failed' });
  status.setEngineStatus({ state: 'recovering', reason: 'engine_unreachable' });
  status.setEngineStatus({ state: 'paused', reason: 'queued', place: 2 });
  status.setEngineStatus({ state: 'paused', reason: 'queued', place: 1 });
  status.setEngineStatus({ state: 'listening' }, 'sherpa');
  status.setEngineStatus({ state: 'listening' }, 'sherpa');
  expect(
    events.map((event) => event.type === 'stream' && [event.state, event.engine, event.reason, event.place]),
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
