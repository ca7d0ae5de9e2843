import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AdmissionQueue } from './admission.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => vi.useRealTimers());

/** Requests a slot and notes what happens to the request. */
function request(admission: AdmissionQueue, { isResuming = false } = {}) {
  const abort = new AbortController();
  const places: number[] = [];
  const acquired = admission.acquire({
    ...{ signal: abort.signal, isResuming },
    onPlace: (place) => places.push(place),
  });
  const waiter = { places, abort, acquired, release: undefined as (() => void) | undefined };
  acquired.then(
    (release) => {
      waiter.release = release;
    },
    () => {},
  );
  return waiter;
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const admitted = (waiters: ReturnType<typeof request>[]) =>
  waiters.map(({ release }) => release !== undefined);

describe('the admission queue', () => {
  test('admits first come, first served, and reports each change of a place', async () => {
    const admission = new AdmissionQueue({ maxCalls: 1 });
    const all = [request(admission), request(admission), request(admission)];
    await pass(1_000);
    expect(admitted(all)).toEqual([true, false, false]);
    expect(all.map(({ places }) => places)).toEqual([[], [1], [2]]);
    all[0]?.release?.();
    await pass(1_000);
    expect(admitted(all)).toEqual([true, true, false]);
    expect(all[2]?.places).toEqual([2, 1]);
  });

  test('admits resuming segments before new ones', async () => {
    const admission = new AdmissionQueue({ maxCalls: 1 });
    const [inUse, fresh, first, second] = [
      request(admission),
      request(admission),
      request(admission, { isResuming: true }),
      request(admission, { isResuming: true }),
    ];
    await pass(1_000);
    expect([fresh.places, first.places, second.places].map((places) => places.at(-1))).toEqual([3, 1, 2]);
    inUse.release?.();
    await pass(1_000);
    expect(admitted([fresh, first, second])).toEqual([false, true, false]);
  });

  test('counts a slot that is released twice only once', async () => {
    const admission = new AdmissionQueue({ maxCalls: 1 });
    const all = [request(admission), request(admission), request(admission)];
    await pass(1_000);
    all[0]?.release?.();
    all[0]?.release?.();
    await pass(1_000);
    expect(admitted(all)).toEqual([true, true, false]);
  });

  test('starts calls one after the other, and reports no place for that wait', async () => {
    const admission = new AdmissionQueue({ maxCalls: 10, startsPerSecond: 10 });
    const all = Array.from({ length: 5 }, () => request(admission));
    await pass(0);
    expect(admitted(all).filter(Boolean)).toHaveLength(1);
    await pass(100);
    expect(admitted(all).filter(Boolean)).toHaveLength(2);
    await pass(300);
    expect(admitted(all)).toEqual(all.map(() => true));
    expect(all.flatMap(({ places }) => places)).toEqual([]);
  });

  test('removes a waiter whose signal aborts', async () => {
    const queue: number[] = [];
    const admission = new AdmissionQueue({ maxCalls: 1, onQueue: (waiting) => queue.push(waiting) });
    const all = [request(admission), request(admission), request(admission)];
    await pass(0);
    const reason = new Error('stopped');
    all[1]?.abort.abort(reason);
    await expect(all[1]?.acquired).rejects.toBe(reason);
    expect(all[2]?.places).toEqual([2, 1]);
    expect(queue.at(-1)).toBe(1);
    await expect(
      admission.acquire({ signal: AbortSignal.abort(reason), isResuming: false, onPlace: () => {} }),
    ).rejects.toBe(reason);
  });

  test('admits fewer calls after a refusal, and one more after ten seconds without one', async () => {
    const admission = new AdmissionQueue({ maxCalls: 3, startsPerSecond: 1_000 });
    const all = Array.from({ length: 4 }, () => request(admission));
    await pass(10);
    expect(admitted(all)).toEqual([true, true, true, false]);
    admission.throttle();
    all[2]?.release?.();
    const back = request(admission, { isResuming: true });
    await pass(5_000);
    expect(admitted([back, ...all.slice(3)])).toEqual([false, false]);
    expect(back.places.at(-1)).toBe(1);
    await pass(6_000);
    expect(admitted([back])).toEqual([true]);
    expect(admitted(all.slice(3))).toEqual([false]);
  });

  test('waits twice as long after each further refusal, even if no other call runs', async () => {
    const admission = new AdmissionQueue({ maxCalls: 3 });
    const waitSeconds: number[] = [];
    for (let refusal = 0; refusal < 4; refusal += 1) {
      const startedAt = performance.now();
      const waiter = request(admission, { isResuming: true });
      while (!waiter.release) await pass(100);
      waitSeconds.push(Math.round((performance.now() - startedAt) / 1_000));
      admission.throttle();
      waiter.release();
    }
    expect(waitSeconds).toEqual([0, 1, 2, 4]);
  });

  test('never waits longer than 30 s, however many refusals come', async () => {
    const admission = new AdmissionQueue({ maxCalls: 3 });
    for (let refusal = 0; refusal < 10; refusal += 1) admission.throttle();
    const waiter = request(admission);
    await pass(29_999);
    expect(admitted([waiter])).toEqual([false]);
    await pass(1);
    expect(admitted([waiter])).toEqual([true]);
  });

  test('after a refusal admits fewer calls than run, not fewer than it could', async () => {
    const admission = new AdmissionQueue({ maxCalls: 10, startsPerSecond: 1_000 });
    const running = [request(admission), request(admission), request(admission)];
    await pass(10);
    admission.throttle();
    running[0]?.release?.();
    const waiter = request(admission);
    await pass(9_000);
    expect(admitted([waiter])).toEqual([false]);
    running[1]?.release?.();
    expect(waiter.places).toEqual([1]);
    await pass(0);
    expect(admitted([waiter])).toEqual([true]);
  });

  test('grows one call every 10 s after the last refusal, up to its limit and no further', async () => {
    const admission = new AdmissionQueue({ maxCalls: 3, startsPerSecond: 1_000 });
    const all = Array.from({ length: 6 }, () => request(admission));
    const count = () => admitted(all).filter(Boolean).length;
    await pass(10);
    expect(count()).toBe(3);
    admission.throttle();
    await pass(9_000);
    admission.throttle();
    for (const { release } of all.slice(0, 3)) release?.();
    await pass(9_990);
    expect(count()).toBe(4);
    await pass(20);
    expect(count()).toBe(5);
    await pass(10_000);
    expect(count()).toBe(6);
    const oneMore = request(admission);
    await pass(60_000);
    expect(admitted([oneMore])).toEqual([false]);
  });

  test('counts a waiter with a free slot neither as queue nor as a listener once it is admitted', async () => {
    const queue: number[] = [];
    const admission = new AdmissionQueue({ maxCalls: 5, onQueue: (waiting) => queue.push(waiting) });
    const all = [request(admission), request(admission)];
    await pass(1_000);
    expect(new Set(queue)).toEqual(new Set([0]));
    expect(all.flatMap(({ abort }) => getEventListeners(abort.signal, 'abort'))).toEqual([]);
  });

  test('starts with a short pause again when a refusal comes after ten seconds without one', async () => {
    const admission = new AdmissionQueue({ maxCalls: 3 });
    admission.throttle();
    admission.throttle();
    await pass(10_000);
    admission.throttle();
    const waiter = request(admission);
    await pass(1_000);
    expect(admitted([waiter])).toEqual([true]);
  });

  test('does not forget the refusals before a pause in which no call could be refused', async () => {
    const admission = new AdmissionQueue({ maxCalls: 10 });
    for (let refusal = 0; refusal < 6; refusal += 1) admission.throttle();
    // The pause is 30 s. The limit grows meanwhile, but nobody has tried whether calls are taken.
    await pass(30_000);
    admission.throttle();
    const waiter = request(admission);
    await pass(29_999);
    expect(admitted([waiter])).toEqual([false]);
    await pass(1);
    expect(admitted([waiter])).toEqual([true]);
    await pass(20_000);
    admission.throttle();
    waiter.release?.();
    const later = request(admission);
    await pass(1_000);
    expect(admitted([later])).toEqual([true]);
  });

  test('shows a place to who waits out a long pause after a refusal, though a slot is free', async () => {
    const admission = new AdmissionQueue({ maxCalls: 3 });
    for (let refusal = 0; refusal < 3; refusal += 1) admission.throttle();
    const waiter = request(admission);
    expect(waiter.places).toEqual([1]);
    await pass(4_000);
    expect(admitted([waiter])).toEqual([true]);
  });

  test('admits one call at a time if that is its limit, after a refusal too', async () => {
    const admission = new AdmissionQueue({ maxCalls: 1 });
    admission.throttle();
    await pass(60_000);
    const all = [request(admission), request(admission)];
    await pass(60_000);
    expect(admitted(all)).toEqual([true, false]);
  });
});
