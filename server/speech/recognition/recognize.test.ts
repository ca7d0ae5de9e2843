import { getEventListeners } from 'node:events';
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
import { createScriptedEngine } from '../../transcriber/testing/scripted.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('after a failed call', () => {
  test('the utterance goes on with no word twice, and times include the holes in the audio', async () => {
    const speaker = new TestSpeaker();
    const engine = createNumbersEngine({ faults: [fault(8)] });
    const { events, done } = startRecognition(speaker, { engine });
    await speak(speaker, 1, 2, 'pause');
    speaker.skip(5);
    await speak(speaker, 3, 4, 5, 6, 'pause');
    speaker.stop();
    await done;
    expect(events.map(brief)).toEqual([
      'listening aws',
      '1: 1',
      '1: 1 2',
      '1. 1 2',
      '2: 3',
      'recovering aws engine_unreachable',
      'listening aws',
      '2: 3',
      '2: 3 4',
      '2: 3 4 5',
      '2: 3 4 5 6',
      '2. 3 4 5 6',
    ]);
    const final = events.at(-1);
    expect(final).toMatchObject({ start: 5.6, end: 6, words: [{ start: 5.6, end: 5.7 }, {}, {}, {}] });
    expect(engine.calls.map(({ freed }) => freed)).toEqual([true, true]);
  });

  test('an open utterance that the next call does not recognise becomes final as it was emitted', async () => {
    const speaker = new TestSpeaker();
    const scripts = [
      ['nothing', { partial: 'maybe' }, { fail: engineError() }],
      ['nothing', 'nothing', 'nothing', { final: 'yes' }],
    ] as const;
    const engine = createScriptedEngine((call) => [...(scripts[call] ?? [])]);
    const { events, done } = startRecognition(speaker, { engine });
    await speak(speaker, 1, 2, 3, 4, 5, 6, 7);
    speaker.stop();
    await done;
    expect(events.map(brief)).toEqual([
      'listening sherpa',
      '1: maybe',
      'recovering sherpa engine_unreachable',
      'listening sherpa',
      '1. maybe',
      '2. yes',
    ]);
  });

  test('the pause before each retry doubles, and is short again after a final', async () => {
    const speaker = new TestSpeaker();
    const engine = createNumbersEngine({
      faults: [fault(0), fault(0), fault(0), fault(0), fault(90), fault(0)],
    });
    const { events, timesMs } = startRecognition(speaker, { engine });
    for (let word = 1; word <= 30; word += 1) await speak(speaker, word, 'pause');
    const pauses = timesMs.restarts.map((restart, i) => restart - (timesMs.callEnds[i] ?? 0));
    for (const [i, longest] of [250, 500, 1_000, 2_000, 250, 500].entries()) {
      expect(pauses[i]).toBeGreaterThanOrEqual(longest / 2 - 1);
      expect(pauses[i]).toBeLessThanOrEqual(longest + 1);
    }
    expect(events.filter(({ type }) => type === 'gap')).toEqual([]);
  });

  test('an engine that ends before the audio ends counts as failed and is called again', async () => {
    const speaker = new TestSpeaker();
    const engine = createNumbersEngine({ faults: [fault(2, 'leave')] });
    const { events, done, restarts } = startRecognition(speaker, { engine });
    await speak(speaker, 1, 2, 3, 'pause');
    speaker.stop();
    await pass(1);
    await done;
    expect(finals(events)).toEqual(['1 2 3']);
    expect(restarts).toEqual(['engine_failed']);
  });

  test('an engine that ran idle is called again only for new audio, without a state event', async () => {
    const speaker = new TestSpeaker();
    const engine = createNumbersEngine({ idleMs: 5_000 });
    const { events, done, admission } = startRecognition(speaker, { engine });
    await speak(speaker, 1, 'pause');
    await pass(60);
    expect(engine.calls).toHaveLength(1);
    expect(admission.running).toBe(0);
    speaker.skip(60);
    await speak(speaker, 2, 'pause');
    await pass(1);
    expect(engine.calls).toHaveLength(2);
    await pass(60);
    speaker.stop();
    await done;
    expect(engine.calls).toHaveLength(2);
    expect(events.map(brief)).toEqual(['listening aws', '1: 1', '1. 1', '2: 2', '2. 2']);
  });

  test('retries stop 30 s after the end of the audio, and the rest of it is a gap', async () => {
    const speaker = new TestSpeaker();
    const engine = createNumbersEngine({ faults: [fault(3), ...Array(50).fill(fault(0))] });
    const { events, done } = startRecognition(speaker, { engine });
    await speak(speaker, 1, 2, 3, 4, 'pause');
    speaker.stop();
    await pass(29);
    expect(events.map(({ type }) => type)).not.toContain('gap');
    await pass(2);
    await done;
    expect(events.map(brief).slice(-2)).toEqual(['1. 1 2', 'gap 0.2 to 0.8 engine']);
  });
});

describe('an engine', () => {
  test('that takes no audio for 10 s is replaced by a new call', async () => {
    const speaker = new TestSpeaker();
    const engine = createNumbersEngine({ faults: [fault(3, 'hang')] });
    const { events, done, timesMs, restarts } = startRecognition(speaker, { engine });
    await speak(speaker, 1, 2, 3, 4, 5, 6, 'pause');
    await pass(11);
    speaker.stop();
    await done;
    expect(restarts).toEqual(['stalled']);
    expect(timesMs.callEnds[0]).toBeGreaterThan(10_000);
    expect(finals(events)).toEqual(['1 2 3 4 5 6']);
  });

  test('that returns no result is replaced by a new call, and each call gets twice the time', async () => {
    const speaker = new TestSpeaker();
    const engine = createNumbersEngine({ faults: [fault(0, 'deaf'), fault(0, 'deaf')] });
    const { events, timesMs, restarts } = startRecognition(speaker, {
      engine,
      limits: { replaySeconds: 1_000 },
    });
    for (let word = 1; word <= 950; word += 1) await speak(speaker, word);
    expect(restarts).toEqual(['deaf', 'deaf']);
    const [first = 0, second = 0] = timesMs.callEnds;
    expect(Math.round(first / 1_000)).toBe(30);
    expect(Math.round((second - first) / 1_000)).toBe(60);
    expect(events.at(-1)).toMatchObject({ type: 'partial', text: expect.stringMatching(/^1 2 3 .* 949$/) });
  });

  test('that does not finish after the end of the audio is replaced by a new call after 10 s', async () => {
    const speaker = new TestSpeaker();
    const engine = createNumbersEngine({ faults: [fault(5, 'deaf')] });
    const { events, done, restarts } = startRecognition(speaker, { engine });
    await speak(speaker, 1, 2, 3, 4, 5, 6);
    speaker.stop();
    await pass(11);
    await done;
    expect(restarts).toEqual(['stalled']);
    expect(finals(events)).toEqual(['1 2 3 4 5 6']);
  });

  test('that is slow gets audio no faster than it takes it, and is not replaced', async () => {
    const speaker = new TestSpeaker();
    const engine = createNumbersEngine({ chunkTakesMs: 5_000 });
    const { restarts } = startRecognition(speaker, { engine });
    for (let word = 1; word <= 50; word += 1) speaker.say(word);
    await pass(20);
    expect(speaker.unread).toBeGreaterThan(40);
    expect(restarts).toEqual([]);
  });

  test('that limits the length of a call is called again between two utterances', async () => {
    const speaker = new TestSpeaker();
    const engine = createNumbersEngine({ longestSeconds: 8 });
    const { events, done, restarts } = startRecognition(speaker, { engine });
    for (let word = 1; word <= 40; word += 1) await speak(speaker, word, 'pause');
    speaker.stop();
    await done;
    expect(finals(events)).toEqual(Array.from({ length: 40 }, (_, i) => String(i + 1)));
    expect(new Set(restarts)).toEqual(new Set(['rollover']));
    expect(engine.calls.every(({ seconds }) => seconds < 8)).toBe(true);
    expect(events.filter(({ type }) => type === 'state')).toHaveLength(1);
  });

  test('that limits the length of a call is called again inside an utterance if there is no pause', async () => {
    const speaker = new TestSpeaker();
    const engine = createNumbersEngine({ longestSeconds: 8 });
    const { events, done, restarts } = startRecognition(speaker, { engine });
    const words = Array.from({ length: 70 }, (_, i) => i + 2);
    await speak(speaker, 1, 'pause', ...words, 'pause');
    speaker.stop();
    await done;
    expect(finals(events)).toEqual(['1', words.join(' ')]);
    expect(new Set(restarts)).toEqual(new Set(['rollover']));
  });
});

describe('a consumer that stops', () => {
  test.each(['abort', 'return'])('by %s frees everything at any moment, without an error', async (how) => {
    for (const moment of ['queued', 'listening', 'recovering', 'hanging'] as const) {
      const speaker = new TestSpeaker();
      const admission = new TestAdmission(moment === 'queued' ? 0 : 1);
      const faults = { recovering: [fault(2)], hanging: [fault(2, 'hang')] }[moment as string];
      const engine = createNumbersEngine({ faults });
      const { events, done, abort, leave } = startRecognition(speaker, { engine, admission });
      await speak(speaker, 1, 2, 3);
      if (how === 'abort') abort.abort();
      else await leave();
      await done;
      expect(events.map(({ type }) => type)).not.toContain('gap');
      expect(admission).toMatchObject({ running: 0, waiting: 0 });
      expect(speaker.released).toBe(true);
      expect(engine.calls.every(({ freed }) => freed)).toBe(true);
      expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
      expect(vi.getTimerCount()).toBe(0);
    }
  });

  test('before the start causes no engine call and no event', async () => {
    const speaker = new TestSpeaker();
    const engine = createNumbersEngine();
    const { events, done } = startRecognition(speaker, { engine, signal: AbortSignal.abort() });
    await done;
    expect(events).toEqual([]);
    expect(engine.calls).toEqual([]);
    expect(speaker.released).toBe(true);
  });
});

test('a consumer that does not read stops the audio in the end, and gets each final later', async () => {
  const speaker = new TestSpeaker();
  const engine = createNumbersEngine({ idleMs: 1e9 });
  const { events, done, reader, restarts } = startRecognition(speaker, {
    engine,
    limits: { maxUnreadEvents: 10 },
  });
  reader.pause();
  for (let word = 1; word <= 40; word += 1) await speak(speaker, word, 'pause');
  await pass(100);
  expect(speaker.unread).toBeGreaterThan(100);
  expect(restarts).toEqual([]);
  reader.resume();
  speaker.stop();
  await pass(1);
  await done;
  expect(finals(events)).toEqual(Array.from({ length: 40 }, (_, i) => String(i + 1)));
});

test('a thousand failed calls leave no listener, no timer and no audio behind', async () => {
  const speaker = new TestSpeaker();
  const engine = createNumbersEngine({ faults: Array(1_000).fill(fault(3)) });
  const { events, done, abort } = startRecognition(speaker, { engine, limits: { backoffMs: 1 } });
  for (let word = 1; word <= 1_000; word += 1) {
    speaker.say(word);
    speaker.say({ silence: 0.4 });
    await pass(0.1);
    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(1);
    expect(vi.getTimerCount()).toBeLessThan(4);
  }
  expect(engine.calls.length).toBeGreaterThan(990);
  speaker.stop();
  await done;
  expect(finals(events)).toHaveLength(1_000);
  expect(vi.getTimerCount()).toBe(0);
});
