import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
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

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Speaks silence in real time on the fake clock. */
async function beSilent(speaker: TestSpeaker, seconds: number): Promise<void> {
  for (let tenth = 0; tenth < 10 * seconds; tenth += 1) {
    speaker.say({ silence: 0.1 });
    await pass(0.1);
  }
}

describe('audio that the engine got and the buffer evicted', () => {
  const limits = { replaySeconds: 2, backoffMs: 0 };

  test('is a gap if the call fails before any result', async () => {
    const speaker = new TestSpeaker();
    const engine = createNumbersEngine({ faults: [fault(50)] });
    const { events, done } = startRecognition(speaker, { engine, limits });
    await beSilent(speaker, 5);
    await speak(speaker, 1, 2, 'pause');
    speaker.stop();
    await done;
    expect(events.map(brief).filter((event) => event.startsWith('gap'))).toEqual(['gap 0 to 3 engine']);
    expect(finals(events)).toEqual(['1 2']);
  });

  test('is no gap if a later result shows that the engine has recognised it', async () => {
    const speaker = new TestSpeaker();
    const engine = createNumbersEngine({ faults: [fault(53)] });
    const { events, done } = startRecognition(speaker, { engine, limits });
    await beSilent(speaker, 5);
    await speak(speaker, 1, 2, 3, 4, 'pause');
    speaker.stop();
    await done;
    expect(events.map(brief).filter((event) => event.startsWith('gap'))).toEqual([]);
    expect(finals(events)).toEqual(['1 2 3 4']);
  });

  test('is a gap if a roll-over comes before the next result', async () => {
    const speaker = new TestSpeaker();
    const engine = createNumbersEngine({ longestSeconds: 20 });
    const { events, done, restarts } = startRecognition(speaker, { engine, limits });
    await speak(speaker, 1, 'pause');
    await beSilent(speaker, 16);
    await speak(speaker, 2, 'pause');
    speaker.stop();
    await done;
    expect(restarts).toEqual(['rollover']);
    expect(events.map(brief).filter((event) => event.startsWith('gap'))).toEqual(['gap 0.1 to 13.1 engine']);
    expect(finals(events)).toEqual(['1', '2']);
  });

  test('ends the utterance that began in it', async () => {
    const speaker = new TestSpeaker();
    const engine = createNumbersEngine({ faults: [fault(50)] });
    const { events, done } = startRecognition(speaker, { engine, limits });
    const words = Array.from({ length: 60 }, (_, i) => i + 1);
    await speak(speaker, ...words, 'pause');
    speaker.stop();
    await done;
    expect(finals(events).join(' ')).toBe(words.join(' '));
    expect(finals(events)).toHaveLength(2);
    expect(events.map(brief).filter((event) => event.startsWith('gap'))).toEqual([]);
  });
});

describe('a source that has more audio than the clock', () => {
  test('is read at the pace of the clock while the segment waits and the buffer is full', async () => {
    const speaker = new TestSpeaker();
    startRecognition(speaker, { engine: createNumbersEngine(), admission: new TestAdmission(0) });
    for (let word = 1; word <= 1_000; word += 1) speaker.say(word);
    await pass(55);
    expect(speaker.unread).toBe(400);
    await pass(15);
    expect(speaker.unread).toBeGreaterThan(280);
    expect(speaker.unread).toBeLessThan(320);
  });

  test('is read at the pace of the clock whatever calls fail meanwhile', async () => {
    const speaker = new TestSpeaker();
    const admission = new TestAdmission(0);
    const engine = createNumbersEngine({ faults: [fault(10, engineError('engine_limit'))] });
    const { events } = startRecognition(speaker, { engine, admission });
    for (let word = 1; word <= 1_000; word += 1) speaker.say(word);
    await pass(30);
    admission.onThrottle = () => admission.addSlots(-1);
    admission.addSlots(1);
    await pass(55);
    expect(engine.calls).toHaveLength(1);
    // 85 s are over. A call that failed in between has not started the clock anew.
    expect(speaker.unread).toBeGreaterThan(130);
    expect(speaker.unread).toBeLessThan(170);
    expect(events.map(brief).at(-1)).toBe('queued 1');
  });

  test('is read as fast as the engine takes audio, and no faster', async () => {
    const speaker = new TestSpeaker();
    const engine = createNumbersEngine({ chunkTakesMs: 50 });
    startRecognition(speaker, { engine });
    for (let word = 1; word <= 1_000; word += 1) speaker.say(word);
    await pass(10);
    expect(speaker.unread).toBeGreaterThan(790);
    expect(speaker.unread).toBeLessThan(810);
  });
});

test('audio is released up to a gap before the words after it have a final', async () => {
  const speaker = new TestSpeaker();
  const admission = new TestAdmission(0);
  const released: number[] = [];
  const { events, abort } = startRecognition(speaker, {
    ...{ engine: createNumbersEngine(), admission, limits: { replaySeconds: 2 } },
    onAudioReleased: (sample) => released.push(sample),
  });
  for (let word = 1; word <= 50; word += 1) await speak(speaker, word);
  admission.addSlots(1);
  await pass(0.1);
  expect(events.map(brief)).toContain('gap 0 to 3 queue');
  expect(finals(events)).toEqual([]);
  expect(released.at(-1)).toBe(3_000);
  abort.abort();
});

test('audio is released up to each final, in the order of the stream', async () => {
  const speaker = new TestSpeaker();
  const released: number[] = [];
  const { done } = startRecognition(speaker, {
    engine: createNumbersEngine(),
    onAudioReleased: (sample) => released.push(sample),
  });
  await speak(speaker, 1, 2, 'pause', 3, 'pause');
  expect(new Set(released)).toEqual(new Set([0, 200, 700]));
  expect(released).toEqual(released.toSorted((a, b) => a - b));
  speaker.stop();
  await done;
});

test('an abort drops the events that nobody has read', async () => {
  const speaker = new TestSpeaker();
  const { events, done, abort, reader } = startRecognition(speaker, { engine: createNumbersEngine() });
  await speak(speaker, 1, 'pause');
  reader.pause();
  await speak(speaker, 2, 'pause', 3, 'pause', 4, 'pause');
  const readBefore = events.length;
  abort.abort();
  reader.resume();
  await done;
  expect(events.length - readBefore).toBeLessThanOrEqual(1);
});

test('an abort while a failed engine is being freed ends the events without another one', async () => {
  const speaker = new TestSpeaker();
  const hang = () => new Promise<never>(() => {});
  const engine = {
    ...createNumbersEngine(),
    transcribe: () => ({ [Symbol.asyncIterator]: () => ({ next: hang, return: hang }) }),
  };
  const { events, done, abort, timesMs } = startRecognition(speaker, { engine });
  await speak(speaker, 1, 2);
  await pass(10);
  abort.abort();
  await pass(2);
  await done;
  expect(timesMs.callEnds).toHaveLength(1);
  expect(events).toEqual([]);
});

test('a consumer that returns gets its answer only when everything is freed', async () => {
  const speaker = new TestSpeaker();
  const { leave, admission } = startRecognition(speaker, {
    engine: createNumbersEngine({ faults: [fault(1, 'hang')] }),
  });
  await speak(speaker, 1, 2);
  expect(admission.running).toBe(1);
  await leave();
  expect(admission.running).toBe(0);
});

test('a segment whose reader was away goes on once the reader is back', async () => {
  const speaker = new TestSpeaker();
  const engine = createNumbersEngine({ faults: [fault(45)] });
  const { events, done, reader } = startRecognition(speaker, { engine, limits: { maxUnreadEvents: 5 } });
  reader.pause();
  for (let word = 1; word <= 20; word += 1) await speak(speaker, word, 'pause');
  await pass(60);
  expect(engine.calls).toHaveLength(1);
  reader.resume();
  await pass(1);
  expect(engine.calls).toHaveLength(2);
  speaker.stop();
  await pass(5);
  await done;
  expect(finals(events)).toEqual(Array.from({ length: 20 }, (_, i) => String(i + 1)));
});
