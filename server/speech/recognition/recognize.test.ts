import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  broken,
  fault,
  finals,
  listen,
  Mouth,
  pass,
  short,
  speak,
  TestAdmission,
} from '../../../testing/recognitionScene.ts';
import { createNumbersEngine } from '../../transcriber/testing/numbers.ts';
import { createScriptedEngine } from '../../transcriber/testing/scripted.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('after a fault', () => {
  test('the words go on in the same utterance, none twice, and their times count on over a hole', async () => {
    const mouth = new Mouth();
    const engine = createNumbersEngine({ faults: [fault(8)] });
    const { heard, over } = listen(mouth, { engine });
    await speak(mouth, 1, 2, 'pause');
    mouth.skip(5);
    await speak(mouth, 3, 4, 5, 6, 'pause');
    mouth.stop();
    await over;
    expect(heard.map(short)).toEqual([
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
    const final = heard.at(-1);
    expect(final).toMatchObject({ start: 5.6, end: 6, words: [{ start: 5.6, end: 5.7 }, {}, {}, {}] });
    expect(engine.calls.map(({ freed }) => freed)).toEqual([true, true]);
  });

  test('what was half said and is not heard again stands as it was told', async () => {
    const mouth = new Mouth();
    const scripts = [
      ['nothing', { partial: 'maybe' }, { fail: broken() }],
      ['nothing', 'nothing', 'nothing', { final: 'yes' }],
    ] as const;
    const engine = createScriptedEngine((call) => [...(scripts[call] ?? [])]);
    const { heard, over } = listen(mouth, { engine });
    await speak(mouth, 1, 2, 3, 4, 5, 6, 7);
    mouth.stop();
    await over;
    expect(heard.map(short)).toEqual([
      'listening sherpa',
      '1: maybe',
      'recovering sherpa engine_unreachable',
      'listening sherpa',
      '1. maybe',
      '2. yes',
    ]);
  });

  test('the pause before the next call grows, and is short again once an utterance was finished', async () => {
    const mouth = new Mouth();
    const engine = createNumbersEngine({
      faults: [fault(0), fault(0), fault(0), fault(0), fault(90), fault(0)],
    });
    const { heard, at } = listen(mouth, { engine });
    for (let word = 1; word <= 30; word += 1) await speak(mouth, word, 'pause');
    const pauses = at.restarts.map((restart, i) => restart - (at.ends[i] ?? 0));
    for (const [i, longest] of [250, 500, 1_000, 2_000, 250, 500].entries()) {
      expect(pauses[i]).toBeGreaterThanOrEqual(longest / 2 - 1);
      expect(pauses[i]).toBeLessThanOrEqual(longest + 1);
    }
    expect(heard.filter(({ type }) => type === 'gap')).toEqual([]);
  });

  test('an end of the events before the end of the audio is one', async () => {
    const mouth = new Mouth();
    const engine = createNumbersEngine({ faults: [fault(2, 'leave')] });
    const { heard, over, restarts } = listen(mouth, { engine });
    await speak(mouth, 1, 2, 3, 'pause');
    mouth.stop();
    await pass(1);
    await over;
    expect(finals(heard)).toEqual(['1 2 3']);
    expect(restarts).toEqual(['engine_failed']);
  });

  test('for want of audio, nothing begins before there is some, and nobody is told', async () => {
    const mouth = new Mouth();
    const engine = createNumbersEngine({ idleMs: 5_000 });
    const { heard, over, places } = listen(mouth, { engine });
    await speak(mouth, 1, 'pause');
    await pass(60);
    expect(engine.calls).toHaveLength(1);
    expect(places.taken).toBe(0);
    mouth.skip(60);
    await speak(mouth, 2, 'pause');
    await pass(1);
    expect(engine.calls).toHaveLength(2);
    await pass(60);
    mouth.stop();
    await over;
    expect(engine.calls).toHaveLength(2);
    expect(heard.map(short)).toEqual(['listening aws', '1: 1', '1. 1', '2: 2', '2. 2']);
  });

  test('the end of the audio allows no more than 30 s of tries; what is left is a gap', async () => {
    const mouth = new Mouth();
    const engine = createNumbersEngine({ faults: [fault(3), ...Array(50).fill(fault(0))] });
    const { heard, over } = listen(mouth, { engine });
    await speak(mouth, 1, 2, 3, 4, 'pause');
    mouth.stop();
    await pass(29);
    expect(heard.map(({ type }) => type)).not.toContain('gap');
    await pass(2);
    await over;
    expect(heard.map(short).slice(-2)).toEqual(['1. 1 2', 'gap 0.2 to 0.8 engine']);
  });
});

describe('an engine', () => {
  test('that takes no audio for 10 s is given up', async () => {
    const mouth = new Mouth();
    const engine = createNumbersEngine({ faults: [fault(3, 'hang')] });
    const { heard, over, at, restarts } = listen(mouth, { engine });
    await speak(mouth, 1, 2, 3, 4, 5, 6, 'pause');
    await pass(11);
    mouth.stop();
    await over;
    expect(restarts).toEqual(['stalled']);
    expect(at.ends[0]).toBeGreaterThan(10_000);
    expect(finals(heard)).toEqual(['1 2 3 4 5 6']);
  });

  test('that is deaf is given up, with more patience each time', async () => {
    const mouth = new Mouth();
    const engine = createNumbersEngine({ faults: [fault(0, 'deaf'), fault(0, 'deaf')] });
    const { heard, at, restarts } = listen(mouth, { engine, limits: { keptSeconds: 1_000 } });
    for (let word = 1; word <= 950; word += 1) await speak(mouth, word);
    expect(restarts).toEqual(['deaf', 'deaf']);
    const [first = 0, second = 0] = at.ends;
    expect(Math.round(first / 1_000)).toBe(30);
    expect(Math.round((second - first) / 1_000)).toBe(60);
    expect(heard.at(-1)).toMatchObject({ type: 'partial', text: expect.stringMatching(/^1 2 3 .* 949$/) });
  });

  test('that does not finish is given up after 10 s', async () => {
    const mouth = new Mouth();
    const engine = createNumbersEngine({ faults: [fault(5, 'deaf')] });
    const { heard, over, restarts } = listen(mouth, { engine });
    await speak(mouth, 1, 2, 3, 4, 5, 6);
    mouth.stop();
    await pass(11);
    await over;
    expect(restarts).toEqual(['stalled']);
    expect(finals(heard)).toEqual(['1 2 3 4 5 6']);
  });

  test('that is merely slow is not fed faster than it listens', async () => {
    const mouth = new Mouth();
    const engine = createNumbersEngine({ chunkTakesMs: 5_000 });
    const { restarts } = listen(mouth, { engine });
    for (let word = 1; word <= 50; word += 1) mouth.say(word);
    await pass(20);
    expect(mouth.waiting).toBeGreaterThan(40);
    expect(restarts).toEqual([]);
  });

  test('that can hear only so much at a time is called anew between two utterances', async () => {
    const mouth = new Mouth();
    const engine = createNumbersEngine({ longestSeconds: 8 });
    const { heard, over, restarts } = listen(mouth, { engine });
    for (let word = 1; word <= 40; word += 1) await speak(mouth, word, 'pause');
    mouth.stop();
    await over;
    expect(finals(heard)).toEqual(Array.from({ length: 40 }, (_, i) => String(i + 1)));
    expect(new Set(restarts)).toEqual(new Set(['rollover']));
    expect(engine.calls.every(({ seconds }) => seconds < 8)).toBe(true);
    expect(heard.filter(({ type }) => type === 'state')).toHaveLength(1);
  });

  test('and in the middle of one, if it must be', async () => {
    const mouth = new Mouth();
    const engine = createNumbersEngine({ longestSeconds: 8 });
    const { heard, over, restarts } = listen(mouth, { engine });
    const words = Array.from({ length: 70 }, (_, i) => i + 2);
    await speak(mouth, 1, 'pause', ...words, 'pause');
    mouth.stop();
    await over;
    expect(finals(heard)).toEqual(['1', words.join(' ')]);
    expect(new Set(restarts)).toEqual(new Set(['rollover']));
  });
});

describe('who leaves', () => {
  test.each(['abort', 'return'])('by %s frees everything at any moment, quietly', async (how) => {
    for (const moment of ['queued', 'listening', 'recovering', 'hanging'] as const) {
      const mouth = new Mouth();
      const places = new TestAdmission(moment === 'queued' ? 0 : 1);
      const faults = { recovering: [fault(2)], hanging: [fault(2, 'hang')] }[moment as string];
      const engine = createNumbersEngine({ faults });
      const { heard, over, abort, leave } = listen(mouth, { engine, places });
      await speak(mouth, 1, 2, 3);
      if (how === 'abort') abort.abort();
      else await leave();
      await over;
      expect(heard.map(({ type }) => type)).not.toContain('gap');
      expect(places).toMatchObject({ taken: 0, waiting: 0 });
      expect(mouth.let).toBe(true);
      expect(engine.calls.every(({ freed }) => freed)).toBe(true);
      expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
      expect(vi.getTimerCount()).toBe(0);
    }
  });

  test('has left nothing if the signal had aborted before', async () => {
    const mouth = new Mouth();
    const engine = createNumbersEngine();
    const { heard, over } = listen(mouth, { engine, signal: AbortSignal.abort() });
    await over;
    expect(heard).toEqual([]);
    expect(engine.calls).toEqual([]);
    expect(mouth.let).toBe(true);
  });
});

test('who does not read stops the audio in the end, and misses no final', async () => {
  const mouth = new Mouth();
  const engine = createNumbersEngine({ idleMs: 1e9 });
  const { heard, over, reading, restarts } = listen(mouth, { engine, limits: { unreadEvents: 10 } });
  reading.pause();
  for (let word = 1; word <= 40; word += 1) await speak(mouth, word, 'pause');
  await pass(100);
  expect(mouth.waiting).toBeGreaterThan(100);
  expect(restarts).toEqual([]);
  reading.go();
  mouth.stop();
  await pass(1);
  await over;
  expect(finals(heard)).toEqual(Array.from({ length: 40 }, (_, i) => String(i + 1)));
});

test('a thousand faults leave no listener, no timer and no audio behind', async () => {
  const mouth = new Mouth();
  const engine = createNumbersEngine({ faults: Array(1_000).fill(fault(3)) });
  const { heard, over, abort } = listen(mouth, { engine, limits: { backoffMs: 1 } });
  for (let word = 1; word <= 1_000; word += 1) {
    mouth.say(word);
    mouth.say({ silence: 0.4 });
    await pass(0.1);
    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(1);
    expect(vi.getTimerCount()).toBeLessThan(4);
  }
  expect(engine.calls.length).toBeGreaterThan(990);
  mouth.stop();
  await over;
  expect(finals(heard)).toHaveLength(1_000);
  expect(vi.getTimerCount()).toBe(0);
});
