import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { engineError } from '../../../testing/speech/recognitionScene.ts';
import { createNumbersEngine } from '../../transcriber/testing/numbers.ts';
import { RECOGNITION_LIMITS } from './limits.ts';
import { RetryPolicy } from './retryPolicy.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const aws = createNumbersEngine({ name: 'aws' });
const sherpa = createNumbersEngine({ name: 'sherpa' });
const createPolicy = (fallback: typeof sherpa | null = sherpa) =>
  new RetryPolicy(aws, fallback, RECOGNITION_LIMITS);

/** Fails a call and returns the pause before the next one, in milliseconds. */
function backOff(policy: RetryPolicy, reason?: string): number {
  policy.backOff(engineError(reason));
  return policy.callAt - performance.now();
}

describe('the pause before a retry', () => {
  test('is between half and all of the backoff, by chance', () => {
    const random = vi.spyOn(Math, 'random');
    random.mockReturnValue(0);
    expect(backOff(createPolicy())).toBe(125);
    random.mockReturnValue(0.5);
    expect(backOff(createPolicy())).toBe(187.5);
    random.mockReturnValue(1);
    expect(backOff(createPolicy())).toBe(250);
  });

  test('doubles with each failure up to 10 s', () => {
    vi.spyOn(Math, 'random').mockReturnValue(1);
    const policy = createPolicy();
    expect(Array.from({ length: 8 }, () => backOff(policy))).toEqual([
      250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000,
    ]);
  });

  test('starts short again after a healthy result, not after any result', () => {
    vi.spyOn(Math, 'random').mockReturnValue(1);
    const policy = createPolicy();
    expect(backOff(policy)).toBe(250);
    policy.resultReceived(false);
    expect(backOff(policy)).toBe(500);
    policy.resultReceived(true);
    expect(policy.callAt).toBe(0);
    expect(backOff(policy)).toBe(250);
  });

  test('starts short again for the other engine, which may be called at once', () => {
    vi.spyOn(Math, 'random').mockReturnValue(1);
    const policy = createPolicy();
    backOff(policy);
    policy.failOver();
    expect(policy.callAt).toBe(0);
    expect(backOff(policy)).toBe(250);
  });
});

describe('the timeouts', () => {
  test.each([
    ['deaf', 2],
    ['stalled', 2],
    ['engine_unreachable', 1],
  ])('after a call that failed as %s are multiplied by %d', (reason, factor) => {
    const policy = createPolicy();
    policy.backOff(engineError(reason));
    expect(policy.timeoutFactor).toBe(factor);
    policy.backOff(engineError(reason));
    expect(policy.timeoutFactor).toBe(factor ** 2);
  });

  test('are normal again after any result, and for the other engine', () => {
    const policy = createPolicy();
    policy.backOff(engineError('deaf'));
    policy.resultReceived(false);
    expect(policy.timeoutFactor).toBe(1);
    policy.backOff(engineError('deaf'));
    policy.failOver();
    expect(policy.timeoutFactor).toBe(1);
  });
});

describe('failing over', () => {
  test('is due 10 s after the first failure, and not after a healthy result', () => {
    const policy = createPolicy();
    expect(policy.failOverAt).toBe(Number.POSITIVE_INFINITY);
    const firstFailureAt = performance.now();
    policy.markUnavailable();
    vi.advanceTimersByTime(4_000);
    policy.markUnavailable();
    expect(policy.failOverAt).toBe(firstFailureAt + 10_000);
    policy.resultReceived(true);
    expect(policy.failOverAt).toBe(Number.POSITIVE_INFINITY);
  });

  test('goes back and forth between the two engines, and each gets its 10 s', () => {
    const policy = createPolicy();
    policy.markUnavailable();
    policy.failOver();
    expect(policy.engine).toBe(sherpa);
    expect(policy.failOverAt).toBe(Number.POSITIVE_INFINITY);
    policy.failOver();
    expect(policy.engine).toBe(aws);
  });

  test('is never due without a fallback', () => {
    const policy = createPolicy(null);
    policy.markUnavailable();
    expect(policy.failOverAt).toBe(Number.POSITIVE_INFINITY);
  });

  test('never returns to an engine that was excluded', () => {
    const policy = createPolicy();
    policy.excludeEngine();
    expect(policy.engine).toBe(sherpa);
    expect(policy.isOnlyEngine).toBe(true);
    policy.markUnavailable();
    expect(policy.failOverAt).toBe(Number.POSITIVE_INFINITY);
  });
});
