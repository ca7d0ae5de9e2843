import { performance } from 'node:perf_hooks';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { EventLoopLoad } from './eventLoopLoad.ts';

let utilization = 0;
beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(performance, 'eventLoopUtilization').mockImplementation(() => ({
    idle: 0,
    active: 0,
    utilization,
  }));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function after(eventLoopLoad: EventLoopLoad, share: number): boolean {
  utilization = share;
  vi.advanceTimersByTime(1_000);
  return eventLoopLoad.isHigh;
}

test('it is high from four fifths on, and until less than half of the time is taken', () => {
  const eventLoopLoad = new EventLoopLoad();
  expect(eventLoopLoad.isHigh).toBe(false);
  const shares = [0.7, 0.9, 0.7, 0.51, 0.4, 0.7, 0.79];
  expect(shares.map((share) => after(eventLoopLoad, share))).toEqual([
    ...[false, true, true, true],
    ...[false, false, false],
  ]);
  eventLoopLoad.stop();
  expect(vi.getTimerCount()).toBe(0);
});
