import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Backoff } from './backoff.ts';

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.999);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

async function secondsWaited(backoff: Backoff, attempt: number): Promise<number> {
  const before = Date.now();
  backoff.plan(attempt);
  const wait = backoff.wait();
  await vi.runAllTimersAsync();
  await wait;
  return Math.round((Date.now() - before) / 100) / 10;
}

test('the first attempt comes at once, and later pauses double up to ten seconds', async () => {
  const backoff = new Backoff();
  const waits: number[] = [];
  for (const attempt of [0, 1, 2, 3, 4, 5, 9]) waits.push(await secondsWaited(backoff, attempt));
  expect(waits).toEqual([0, 1, 2, 4, 8, 10, 10]);
});

test('a hurry ends the current wait and keeps later waits short until the hurry ends', async () => {
  const backoff = new Backoff();
  backoff.plan(9);
  const wait = backoff.wait();
  const endHurry = backoff.hurry();
  await wait;
  expect(vi.getTimerCount()).toBe(0);
  expect([await secondsWaited(backoff, 1), await secondsWaited(backoff, 9)]).toEqual([1, 1]);
  endHurry();
  expect(await secondsWaited(backoff, 9)).toBe(10);
});

describe('the first attempt after the server was lost', () => {
  /** The first pauses of many clients, in ms. Their random numbers come from a seed. */
  const pauses = async (close: { code: number; wasClean: boolean }, seed: number, speaks = false) => {
    vi.spyOn(Math, 'random').mockImplementation(randomFrom(seed));
    const waits: number[] = [];
    for (let i = 0; i < 200; i += 1) {
      const backoff = new Backoff();
      if (speaks) backoff.hurry();
      backoff.noteClose(close);
      backoff.plan(0);
      const before = Date.now();
      const wait = backoff.wait();
      await vi.runAllTimersAsync();
      await wait;
      waits.push(Date.now() - before);
    }
    return waits;
  };

  test.each([
    ['a restart', { code: 1_012, wasClean: true }],
    ['an unclean end', { code: 1_006, wasClean: false }],
  ])('after %s is spread over 3 s, and speakers come before all others', async (_, close) => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const waits = await pauses(close, seed);
        expect(Math.max(...waits)).toBeLessThanOrEqual(3_000);
        // Of 200 clients about 33 come in each half second after the speakers.
        for (let from = 300; from < 3_000; from += 450) {
          const count = waits.filter((ms) => ms >= from && ms < from + 450).length;
          expect(count).toBeGreaterThan(10);
          expect(count).toBeLessThan(65);
        }
        const speakers = await pauses(close, seed, true);
        expect(Math.max(...speakers)).toBeLessThanOrEqual(Math.min(...waits));
      }),
      { numRuns: 10 },
    );
  });

  test('after another end comes at once', async () => {
    expect(new Set(await pauses({ code: 4_008, wasClean: true }, 1))).toEqual(new Set([0]));
  });

  test('does not wait for the rest of its pause when the network comes back', async () => {
    const backoff = new Backoff();
    backoff.noteClose({ code: 1_006, wasClean: false });
    backoff.plan(0);
    const wait = backoff.wait();
    backoff.cut();
    await wait;
    expect(vi.getTimerCount()).toBe(0);
  });
});

test('while nothing waits for the connection, later pauses are up to a minute long', async () => {
  const backoff = new Backoff();
  backoff.setUrgent(false);
  const endHurry = backoff.hurry();
  expect(await secondsWaited(backoff, 9)).toBe(59.9);
  endHurry();
  backoff.setUrgent(true);
  expect(await secondsWaited(backoff, 9)).toBe(10);
});

/** Mulberry32: numbers from 0 to 1. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
