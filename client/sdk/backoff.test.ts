import { afterEach, beforeEach, expect, test, vi } from 'vitest';
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
