import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { RECOGNITION_LIMITS } from './limits.ts';
import { Watchdog } from './watchdog.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (seconds: number) => vi.advanceTimersByTime(1_000 * seconds);

describe('an engine counts as stalled', () => {
  test.each([1, 2])('after 10 s without progress, times the factor %d', (factor) => {
    const watchdog = new Watchdog(RECOGNITION_LIMITS, factor);
    pass(10 * factor - 1);
    expect(watchdog.check(false)).toBeNull();
    pass(1);
    expect(watchdog.check(false)).toBe('stalled');
  });

  test('not while it is idle, and only 10 s after that', () => {
    const watchdog = new Watchdog(RECOGNITION_LIMITS, 1);
    pass(60);
    expect(watchdog.check(true)).toBeNull();
    pass(9);
    expect(watchdog.check(false)).toBeNull();
    pass(1);
    expect(watchdog.check(false)).toBe('stalled');
  });

  test('not while it takes audio', () => {
    const watchdog = new Watchdog(RECOGNITION_LIMITS, 1);
    pass(9);
    watchdog.audioSent(1);
    pass(9);
    expect(watchdog.check(false)).toBeNull();
  });

  test('not while it returns results', () => {
    const watchdog = new Watchdog(RECOGNITION_LIMITS, 1);
    pass(9);
    watchdog.resultReceived();
    pass(9);
    expect(watchdog.check(false)).toBeNull();
  });
});

describe('an engine counts as deaf', () => {
  test.each([1, 2])('after 30 s of audio in 30 s without a result, times the factor %d', (factor) => {
    const watchdog = new Watchdog(RECOGNITION_LIMITS, factor);
    for (let second = 1; second < 30 * factor; second += 1) {
      pass(1);
      watchdog.audioSent(1);
      expect(watchdog.check(true)).toBeNull();
    }
    pass(1);
    watchdog.audioSent(1);
    expect(watchdog.check(true)).toBe('deaf');
  });

  test('not because it gets a replay faster than it was spoken', () => {
    const watchdog = new Watchdog(RECOGNITION_LIMITS, 1);
    watchdog.audioSent(60);
    pass(29);
    expect(watchdog.check(true)).toBeNull();
    pass(1);
    expect(watchdog.check(true)).toBe('deaf');
  });

  test('not because it gets little audio', () => {
    const watchdog = new Watchdog(RECOGNITION_LIMITS, 1);
    watchdog.audioSent(29);
    pass(600);
    expect(watchdog.check(true)).toBeNull();
  });

  test('not for audio that came before the last result', () => {
    const watchdog = new Watchdog(RECOGNITION_LIMITS, 1);
    watchdog.audioSent(29);
    watchdog.resultReceived();
    watchdog.audioSent(1);
    pass(600);
    expect(watchdog.check(true)).toBeNull();
  });

  test('again only for 30 s of audio in 30 s after the last result', () => {
    const watchdog = new Watchdog(RECOGNITION_LIMITS, 1);
    watchdog.audioSent(29);
    pass(29);
    watchdog.resultReceived();
    watchdog.audioSent(29);
    pass(29);
    expect(watchdog.check(true)).toBeNull();
    watchdog.audioSent(1);
    expect(watchdog.check(true)).toBeNull();
    pass(1);
    expect(watchdog.check(true)).toBe('deaf');
  });
});
