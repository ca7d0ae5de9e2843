import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  brief,
  engineError,
  fault,
  finals,
  pass,
  speak,
  startRecognition,
  TestAdmission,
  TestSpeaker,
} from '../../../testing/speech/recognitionScene.ts';
import { createNumbersEngine } from '../../transcriber/testing/numbers.ts';
import { createScriptedEngine } from '../../transcriber/testing/scripted.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

test('a failed call keeps its slot, unless the engine is at its limit', async () => {
  const speaker = new TestSpeaker();
  const engine = createNumbersEngine({ faults: [fault(2), fault(2)] });
  const { done, admission } = startRecognition(speaker, { engine });
  await speak(speaker, 1, 2, 3, 'pause', 4, 'pause');
  speaker.stop();
  await pass(1);
  await done;
  expect(engine.calls).toHaveLength(3);
  expect(admission).toMatchObject({ requests: [false], throttles: 0 });
});

test('after the end of the audio an engine gets no more than the normal timeouts', async () => {
  const speaker = new TestSpeaker();
  const engine = createNumbersEngine({ faults: [fault(3, 'hang'), fault(0, 'hang')] });
  const { events, done, timesMs, restarts } = startRecognition(speaker, { engine });
  await speak(speaker, 1, 2, 3, 4, 5, 'pause');
  speaker.stop();
  await pass(25);
  await done;
  expect(restarts).toEqual(['stalled', 'stalled']);
  const [first = 0, second = 0] = timesMs.callEnds;
  expect(second - first).toBeLessThan(11_000);
  expect(finals(events)).toEqual(['1 2 3 4 5']);
});

test('a call does not roll over before its first final', async () => {
  const speaker = new TestSpeaker();
  const engine = createNumbersEngine({ longestSeconds: 8 });
  const { abort, restarts } = startRecognition(speaker, { engine });
  await speak(speaker, ...numbers(85));
  expect(new Set(restarts)).toEqual(new Set(['engine_duration']));
  abort.abort();
});

test('a call rolls over when it is old, even if it got little audio', async () => {
  const speaker = new TestSpeaker();
  const engine = createNumbersEngine({ longestSeconds: 8, idleMs: 1e9 });
  const { events, done, restarts } = startRecognition(speaker, { engine });
  await speak(speaker, 1, 'pause');
  await pass(7);
  await speak(speaker, 2, 'pause');
  speaker.stop();
  await done;
  expect(restarts).toEqual(['rollover']);
  expect(finals(events)).toEqual(['1', '2']);
});

test('30 s of recognised audio without a final make the next pause short again, and less does not', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.99);
  const speaker = new TestSpeaker();
  const engine = createNumbersEngine({ faults: [fault(0), fault(0), fault(20), fault(320), fault(0)] });
  const { timesMs } = startRecognition(speaker, { engine });
  await speak(speaker, 'pause', ...numbers(400));
  const pauses = timesMs.restarts.map((restart, i) =>
    Math.round((restart - (timesMs.callEnds[i] ?? 0)) / 50),
  );
  expect(pauses).toEqual([5, 10, 20, 5, 10]);
});

test('recognised audio counts from the start of the call, not of the stream', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.99);
  const speaker = new TestSpeaker();
  const engine = createNumbersEngine({ faults: [fault(402), fault(7), fault(7)] });
  const { timesMs } = startRecognition(speaker, { engine });
  for (const word of numbers(80)) await speak(speaker, word, 'pause');
  await speak(speaker, ...numbers(30));
  const pauses = timesMs.restarts.map((restart, i) =>
    Math.round((restart - (timesMs.callEnds[i] ?? 0)) / 50),
  );
  expect(pauses).toEqual([5, 10, 20]);
});

test('an utterance that the engine never finishes gets its final at the end of the segment', async () => {
  const speaker = new TestSpeaker();
  const engine = createScriptedEngine(['nothing', { partial: 'maybe' }]);
  const { events, done } = startRecognition(speaker, { engine });
  await speak(speaker, 1, 2, 3);
  speaker.stop();
  await done;
  expect(events.map(brief)).toEqual(['listening sherpa', '1: maybe', '1. maybe']);
});

test('a call that finishes without a result counts as listening', async () => {
  const speaker = new TestSpeaker();
  const engine = createNumbersEngine({ faults: [fault(5)] });
  const { events, done } = startRecognition(speaker, { engine });
  await speak(speaker, 1, 'pause', 'pause');
  speaker.stop();
  await done;
  expect(events.map(brief).slice(-3)).toEqual(['1. 1', 'recovering aws engine_unreachable', 'listening aws']);
});

test('a replay of more audio than one call may get rolls over between its utterances', async () => {
  const speaker = new TestSpeaker();
  const admission = new TestAdmission(0);
  const engine = createNumbersEngine({ longestSeconds: 20 });
  const { events, abort, restarts } = startRecognition(speaker, { engine, admission });
  for (const word of numbers(80)) await speak(speaker, word, 'pause');
  admission.addSlots(1);
  await pass(1);
  expect(new Set(restarts)).toEqual(new Set(['rollover']));
  expect(finals(events)).toEqual(numbers(80).map(String));
  abort.abort();
});

test('an engine that runs idle again and again is called with growing pauses', async () => {
  const speaker = new TestSpeaker();
  const idle = fault(1, engineError('engine_idle'));
  const engine = createNumbersEngine({ faults: Array(100).fill(idle) });
  const { abort } = startRecognition(speaker, { engine });
  await speak(speaker, ...numbers(30));
  expect(engine.calls.length).toBeLessThan(7);
  abort.abort();
});

test('an utterance that an idle engine left open is finished when the audio ends', async () => {
  const speaker = new TestSpeaker();
  const engine = createNumbersEngine({ idleMs: 5_000 });
  const { events, done } = startRecognition(speaker, { engine });
  await speak(speaker, 1, 2);
  await pass(10);
  expect(engine.calls).toHaveLength(1);
  speaker.stop();
  await pass(1);
  await done;
  expect(events.map(brief)).toEqual(['listening aws', '1: 1', '1: 1', '1: 1 2', '1. 1 2']);
});

test('a fail-over does not wait for new audio, nor for the pause before the next retry', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.99);
  const speaker = new TestSpeaker();
  const engine = createNumbersEngine({ faults: Array(20).fill(fault(0)) });
  const fallback = createNumbersEngine({ name: 'sherpa' });
  const { abort } = startRecognition(speaker, { engine, fallback });
  await speak(speaker, 1, 'pause');
  await pass(9);
  expect(fallback.calls).toHaveLength(0);
  await pass(1.5);
  expect(fallback.calls).toHaveLength(1);
  abort.abort();
});

test('a segment that fails over reports why, and counts the restart as a failover', async () => {
  const speaker = new TestSpeaker();
  const engine = createNumbersEngine({ faults: Array(20).fill(fault(0)) });
  const fallback = createNumbersEngine({ name: 'sherpa' });
  const { events, done, restarts } = startRecognition(speaker, { engine, fallback });
  await speak(speaker, ...numbers(120), 'pause');
  speaker.stop();
  await done;
  expect(restarts.at(-1)).toBe('failover');
  expect(restarts.slice(0, -1).every((cause) => cause === 'engine_unreachable')).toBe(true);
  expect(events).toContainEqual({
    ...{ type: 'state', state: 'listening', engine: 'sherpa', reason: 'failover' },
    message: 'The numbers engine sherpa listens in place of The numbers engine aws.',
  });
});
