import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AdmissionQueue } from './admission.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => vi.useRealTimers());

/** Somebody who wants a place, and what became of it. */
function ask(places: AdmissionQueue, { again = false } = {}) {
  const abort = new AbortController();
  const told: number[] = [];
  const taking = places.take({ signal: abort.signal, again, onPlace: (place) => told.push(place) });
  const one = { told, abort, taking, giveBack: undefined as (() => void) | undefined };
  taking.then(
    (giveBack) => {
      one.giveBack = giveBack;
    },
    () => {},
  );
  return one;
}

/** Lets time pass, in steps in which whoever waits for it goes on. */
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const inside = (all: ReturnType<typeof ask>[]) => all.map(({ giveBack }) => giveBack !== undefined);

describe('places', () => {
  test('are handed out first come, first served, and who waits is told their place whenever it changes', async () => {
    const places = new AdmissionQueue({ most: 1 });
    const all = [ask(places), ask(places), ask(places)];
    await pass(1_000);
    expect(inside(all)).toEqual([true, false, false]);
    expect(all.map(({ told }) => told)).toEqual([[], [1], [2]]);
    all[0]?.giveBack?.();
    await pass(1_000);
    expect(inside(all)).toEqual([true, true, false]);
    expect(all[2]?.told).toEqual([2, 1]);
  });

  test('go first to those who were being heard', async () => {
    const places = new AdmissionQueue({ most: 1 });
    const [inUse, fresh, first, second] = [
      ask(places),
      ask(places),
      ask(places, { again: true }),
      ask(places, { again: true }),
    ];
    await pass(1_000);
    expect([fresh.told, first.told, second.told].map((told) => told.at(-1))).toEqual([3, 1, 2]);
    inUse.giveBack?.();
    await pass(1_000);
    expect(inside([fresh, first, second])).toEqual([false, true, false]);
  });

  test('are not given back twice', async () => {
    const places = new AdmissionQueue({ most: 1 });
    const all = [ask(places), ask(places), ask(places)];
    await pass(1_000);
    all[0]?.giveBack?.();
    all[0]?.giveBack?.();
    await pass(1_000);
    expect(inside(all)).toEqual([true, true, false]);
  });

  test('are begun one after the other, which is no queue', async () => {
    const places = new AdmissionQueue({ most: 10, startsPerSecond: 10 });
    const all = Array.from({ length: 5 }, () => ask(places));
    await pass(0);
    expect(inside(all).filter(Boolean)).toHaveLength(1);
    await pass(100);
    expect(inside(all).filter(Boolean)).toHaveLength(2);
    await pass(300);
    expect(inside(all)).toEqual(all.map(() => true));
    expect(all.flatMap(({ told }) => told)).toEqual([]);
  });

  test('let go of whoever gives up waiting', async () => {
    const queue: number[] = [];
    const places = new AdmissionQueue({ most: 1, onQueue: (waiting) => queue.push(waiting) });
    const all = [ask(places), ask(places), ask(places)];
    await pass(0);
    const reason = new Error('stopped');
    all[1]?.abort.abort(reason);
    await expect(all[1]?.taking).rejects.toBe(reason);
    expect(all[2]?.told).toEqual([2, 1]);
    expect(queue.at(-1)).toBe(1);
    await expect(
      places.take({ signal: AbortSignal.abort(reason), again: false, onPlace: () => {} }),
    ).rejects.toBe(reason);
  });

  test('become fewer when the service refuses, later and later, and more again when it does not', async () => {
    const places = new AdmissionQueue({ most: 3, startsPerSecond: 1_000 });
    const all = Array.from({ length: 4 }, () => ask(places));
    await pass(10);
    expect(inside(all)).toEqual([true, true, true, false]);
    places.refused();
    all[2]?.giveBack?.();
    const back = ask(places, { again: true });
    await pass(5_000);
    expect(inside([back, ...all.slice(3)])).toEqual([false, false]);
    expect(back.told.at(-1)).toBe(1);
    await pass(6_000);
    expect(inside([back])).toEqual([true]);
    expect(inside(all.slice(3))).toEqual([false]);
  });

  test('are not asked of a refusing service again at once, though nobody else holds one', async () => {
    const places = new AdmissionQueue({ most: 3 });
    const waits: number[] = [];
    for (let refusal = 0; refusal < 4; refusal += 1) {
      const from = performance.now();
      const one = ask(places, { again: true });
      while (!one.giveBack) await pass(100);
      waits.push(Math.round((performance.now() - from) / 1_000));
      places.refused();
      one.giveBack();
    }
    expect(waits).toEqual([0, 1, 2, 4]);
  });
});
