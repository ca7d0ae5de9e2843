import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TokenBuckets } from './tokenBuckets.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a key may take as many tokens as its bucket holds at once, and then as many as come back', () => {
  const buckets = new TokenBuckets({ capacity: 3, refillPerSecond: 2 });
  expect([1, 2, 3].map(() => buckets.take('home'))).toEqual([0, 0, 0]);
  expect(buckets.take('home')).toBe(500);
  expect(buckets.take('school')).toBe(0);
  vi.advanceTimersByTime(400);
  expect(buckets.take('home')).toBe(100);
  vi.advanceTimersByTime(100);
  expect(buckets.take('home')).toBe(0);
  expect(buckets.take('home')).toBe(500);
});

test('a bucket holds no more than its capacity, however long nobody comes', () => {
  const buckets = new TokenBuckets({ capacity: 2, refillPerSecond: 1 });
  buckets.take('home');
  vi.advanceTimersByTime(3_600_000);
  expect([1, 2, 3].map(() => buckets.take('home'))).toEqual([0, 0, 1_000]);
});

test('full buckets are forgotten: many addresses take no memory for long', () => {
  const buckets = new TokenBuckets({ capacity: 1, refillPerSecond: 1 });
  for (let i = 0; i < 30_000; i += 1) {
    buckets.take(`address ${i}`);
    vi.advanceTimersByTime(1);
  }
  expect(buckets.size).toBeLessThanOrEqual(10_000);
});
