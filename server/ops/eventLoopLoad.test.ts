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

/** Whether the load is high after a second in which the event loop was busy for this share of the time. */
function isHighAfter(eventLoopLoad: EventLoopLoad, busyShare: number): boolean {
  utilization = busyShare;
  vi.advanceTimersByTime(1_000);
  return eventLoopLoad.isHigh;
}

test('the load becomes high above 80 % and stays high until it falls below 50 %', () => {
  const eventLoopLoad = new EventLoopLoad();
  expect(eventLoopLoad.isHigh).toBe(false);
  const busyShares = [0.7, 0.9, 0.7, 0.51, 0.4, 0.7, 0.79];
  expect(busyShares.map((share) => isHighAfter(eventLoopLoad, share))).toEqual([
    ...[false, true, true, true],
    ...[false, false, false],
  ]);
  eventLoopLoad.stop();
  expect(vi.getTimerCount()).toBe(0);
});
