import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AppError } from '../errors.ts';
import { listen, Mouth, short, TestPlaces } from '../testing/hearingScene.ts';
import { createScriptedEngine } from '../transcriber/scripted.ts';
import { createNumbersEngine } from '../transcriber/testing/numbers.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (seconds: number) => vi.advanceTimersByTimeAsync(1_000 * seconds);
const broken = (reason = 'engine_unreachable', retryable = true) =>
  new AppError('SERVICE_UNAVAILABLE', reason, `It said ${reason}.`, { retryable });
const fault = (afterChunks: number, kind: AppError | 'leave' | 'hang' | 'deaf' = broken()) => ({
  afterChunks,
  kind,
});

/** Says it as it happens, a tenth of a second at a time. */
async function speak(mouth: Mouth, ...said: (number | 'pause')[]): Promise<void> {
  for (const one of said) {
    for (let tenth = 0; tenth < (one === 'pause' ? 4 : 1); tenth += 1) {
      mouth.say(one === 'pause' ? { silence: 0.1 } : one);
      await pass(0.1);
    }
  }
}

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

describe('what cannot heal', () => {
  test('is thrown, after what was half said and what nobody heard', async () => {
    const mouth = new Mouth();
    const engine = createNumbersEngine({ faults: [fault(3, broken('credentials', false))] });
    const { heard, over } = listen(mouth, { engine });
    over.catch(() => {});
    await speak(mouth, 1, 2, 3, 4);
    await expect(over).rejects.toMatchObject({ reason: 'credentials' });
    expect(heard.map(short)).toEqual(['listening aws', '1: 1', '1: 1 2', '1. 1 2', 'gap 0.2 to 0.3 engine']);
    expect(mouth.let).toBe(true);
  });

  test('goes to the fallback at once, unless that refuses', async () => {
    for (const refusal of [null, 'Not this language.']) {
      const mouth = new Mouth();
      const engine = createNumbersEngine({ faults: [fault(3, broken('credentials', false))] });
      const fallback = createNumbersEngine({ name: 'sherpa', refusal });
      const { heard, over, restarts } = listen(mouth, { engine, fallback });
      over.catch(() => {});
      await speak(mouth, 1, 2, 3, 4, 'pause');
      mouth.stop();
      if (refusal) {
        await expect(over).rejects.toMatchObject({ reason: 'credentials' });
        expect(fallback.calls).toEqual([]);
        continue;
      }
      await over;
      expect(restarts).toEqual(['failover']);
      expect(finals(heard)).toEqual(['1 2 3 4']);
      expect(heard.filter(({ type }) => type === 'state').map(short)).toEqual([
        'listening aws',
        'recovering aws credentials',
        'listening sherpa failover',
      ]);
    }
  });

  test('of the fallback sends the stretch back to the first engine', async () => {
    const mouth = new Mouth();
    const engine = createNumbersEngine({ faults: [fault(2), ...Array(7).fill(fault(0))] });
    const fallback = createNumbersEngine({
      name: 'sherpa',
      faults: [fault(0, broken('broken_model', false))],
    });
    const { heard, over } = listen(mouth, { engine, fallback });
    await speak(mouth, 1, 2, 3, 'pause');
    await pass(45);
    mouth.stop();
    await pass(10);
    await over;
    expect(fallback.calls).toHaveLength(1);
    expect(finals(heard)).toEqual(['1 2 3']);
  });

  test('of the audio itself is thrown on as it is', async () => {
    const mouth = new Mouth();
    const engine = createNumbersEngine();
    const { over } = listen(mouth, { engine });
    over.catch(() => {});
    await speak(mouth, 1);
    const error = new Error('the microphone broke');
    mouth.break(error);
    await expect(over).rejects.toBe(error);
    expect(engine.calls.map(({ freed }) => freed)).toEqual([true]);
  });
});

test('an engine that stays away longer than 10 s is replaced by the fallback, and has its turn again next time', async () => {
  const mouth = new Mouth();
  const engine = createNumbersEngine({ faults: [fault(2), ...Array(20).fill(fault(0))] });
  const fallback = createNumbersEngine({ name: 'sherpa' });
  const { heard, over } = listen(mouth, { engine, fallback });
  for (let word = 1; word <= 120; word += 1) {
    await speak(mouth, word);
    if (word === 95) expect(fallback.calls).toHaveLength(0);
  }
  expect(fallback.calls).toHaveLength(1);
  await speak(mouth, 'pause');
  mouth.stop();
  await over;
  const all = Array.from({ length: 120 }, (_, i) => i + 1).join(' ');
  expect(finals(heard)).toEqual([all]);
  expect(heard.map(short)).toContain('listening sherpa failover');

  const again = new Mouth();
  const next = listen(again, { engine: createNumbersEngine(), fallback });
  await speak(again, 7, 'pause');
  again.stop();
  await next.over;
  expect(next.heard.map(short)[0]).toBe('listening aws');
});

describe('places', () => {
  test('while one is waited for, audio is kept for a minute; what falls out is a gap, told before what follows', async () => {
    const mouth = new Mouth();
    const places = new TestPlaces(0);
    const engine = createNumbersEngine();
    const { heard, over } = listen(mouth, { engine, places });
    for (let word = 1; word <= 700; word += 1) await speak(mouth, word);
    expect(heard.map(short)).toEqual(['queued 1']);
    places.open(1);
    await speak(mouth, 'pause');
    mouth.stop();
    await over;
    const [, gap, state] = heard.map(short);
    expect(state).toMatch(/gap 0 to 10/);
    expect(gap).toBe('listening aws');
    expect(finals(heard)[0]?.split(' ')).toHaveLength(600);
    expect(places.asked).toEqual([false]);
  });

  test('a limit of the service gives the place back, tells it, and waits in front of those who are new', async () => {
    const mouth = new Mouth();
    const places = new TestPlaces(1);
    const engine = createNumbersEngine({ faults: [fault(2, broken('engine_limit'))] });
    const { heard, over } = listen(mouth, { engine, places });
    places.onRefused = () => places.open(-1);
    await speak(mouth, 1, 2, 3, 4, 5, 6, 7);
    expect(heard.map(short).slice(-2)).toEqual(['recovering aws engine_limit', 'queued 1']);
    expect(places).toMatchObject({ taken: 0, refusals: 1, asked: [false, true] });
    places.open(1);
    await speak(mouth, 'pause');
    mouth.stop();
    await over;
    expect(finals(heard)).toEqual(['1 2 3 4 5 6 7']);
  });

  test('the fallback’s own places help out when there is none for 10 s', async () => {
    const mouth = new Mouth();
    const fallback = createNumbersEngine({ name: 'sherpa' });
    const parts = { fallback, places: new TestPlaces(0), fallbackPlaces: new TestPlaces(1) };
    const { heard, over } = listen(mouth, { engine: createNumbersEngine(), ...parts });
    await speak(mouth, 1, 2, 'pause');
    await pass(11);
    mouth.stop();
    await over;
    expect(finals(heard)).toEqual(['1 2']);
    expect(parts.places.waiting).toBe(0);
    expect(parts.fallbackPlaces.taken).toBe(0);
  });
});

describe('who leaves', () => {
  test.each(['abort', 'return'])('by %s frees everything at any moment, quietly', async (how) => {
    for (const moment of ['queued', 'listening', 'recovering', 'hanging'] as const) {
      const mouth = new Mouth();
      const places = new TestPlaces(moment === 'queued' ? 0 : 1);
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

function finals(heard: Parameters<typeof short>[0][]): string[] {
  return heard.flatMap((event) => (event.type === 'final' ? [event.text] : []));
}
