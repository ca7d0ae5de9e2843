import { expect, test } from 'vitest';
import type { CaptionEvent } from '../../contract/types.ts';
import { noMeter, type SpeechMeter } from './meter.ts';
import { StreamStatus } from './streamStatus.ts';
import type { StreamIdentity } from './utterances.ts';

/** @returns a status, and a reader of the events that it has published since the last read. */
function open(meter: SpeechMeter = noMeter) {
  let events: CaptionEvent[] = [];
  const speaker = { id: 'ada', name: 'Ada' };
  const identity: StreamIdentity = { streamId: 's', roomId: 'r', engine: 'aws', speaker };
  const publish = (_: string, event: CaptionEvent) => void events.push(event);
  const status = new StreamStatus(identity, { publish }, meter);
  const published = () => {
    const read = events;
    events = [];
    return read.map(
      (event) => event.type === 'stream' && [event.state, event.engine, event.reason, event.place],
    );
  };
  return { status, published };
}

test('a status is published when it changes, however often it is set', () => {
  const { status, published } = open();
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
  expect(published()).toEqual([
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

test('the end outranks a lost connection, which outranks the engine’s status, which outranks silence', () => {
  const { status, published } = open();
  const isPublished = (state: string, reason?: string) =>
    expect(published()).toEqual([[state, 'aws', reason, undefined]]);
  isPublished('listening');
  status.setSilent(true);
  isPublished('paused', 'silence');
  status.setEngineStatus({ state: 'recovering', reason: 'engine_failed' });
  isPublished('recovering', 'engine_failed');
  status.setDisconnected(true);
  isPublished('recovering', 'network');
  status.setSilent(false);
  status.setEngineStatus({ state: 'recovering', reason: 'engine_busy' });
  expect(published()).toEqual([]);
  status.setDisconnected(false);
  isPublished('recovering', 'engine_busy');
  status.setDisconnected(true);
  isPublished('recovering', 'network');
  status.end({ reason: 'idle' });
  isPublished('ended', 'idle');
  status.setDisconnected(false);
  expect(published()).toEqual([]);
});

test('a new message or a new engine is published too; a new segment starts with the first engine', () => {
  const { status, published } = open();
  published();
  status.setEngineStatus({ state: 'recovering', reason: 'engine_busy', message: 'Busy.' });
  status.setEngineStatus({ state: 'recovering', reason: 'engine_busy', message: 'Still busy.' });
  status.setEngineStatus({ state: 'listening' }, 'sherpa');
  status.startSegment();
  expect(published()).toEqual([
    ['recovering', 'aws', 'engine_busy', undefined],
    ['recovering', 'aws', 'engine_busy', undefined],
    ['listening', 'sherpa', undefined, undefined],
    ['listening', 'aws', undefined, undefined],
  ]);
});

test('the meter counts each change of the state once, and the end', () => {
  const changes: unknown[] = [];
  const { status } = open({ ...noMeter, stateChanged: (...change) => void changes.push(change) });
  status.setEngineStatus({ state: 'recovering', reason: 'engine_busy' });
  status.setEngineStatus({ state: 'recovering', reason: 'engine_failed' });
  status.end({ reason: 'stopped' });
  expect(changes).toEqual([
    [undefined, 'listening'],
    ['listening', 'recovering'],
    ['recovering', 'ended'],
    ['ended', undefined],
  ]);
});
