import { TRPCClientError } from '@trpc/client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Handlers, keepSubscribed } from './resubscribe.ts';

const failure = (code: string, more: object = {}) =>
  TRPCClientError.from({
    error: {
      code: -32_000,
      message: code,
      data: { code, reason: code.toLowerCase(), retryable: false, ...more },
    },
  });

function open() {
  const begun: Handlers<string>[] = [];
  const heard: string[] = [];
  const refused: string[] = [];
  let open = 0;
  const stop = keepSubscribed<string>(
    (handlers) => {
      begun.push(handlers);
      open += 1;
      return {
        unsubscribe: () => {
          open -= 1;
        },
      };
    },
    (data) => heard.push(data),
    ({ reason }) => refused.push(reason),
  );
  return { begun, heard, refused, stop, open: () => open };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a subscription that is kept', () => {
  test.each([
    [
      'that the server calls retryable',
      failure('SERVICE_UNAVAILABLE', { retryable: true, retryAfterMs: 500 }),
      500,
    ],
    ['inside the server', failure('INTERNAL_SERVER_ERROR'), 2_000],
    ['without an answer', new Error('lost'), 2_000],
  ])('begins again after a failure %s', (_, error, ms) => {
    const scene = open();
    scene.begun[0]?.onError(error);
    vi.advanceTimersByTime(ms - 1);
    expect(scene.begun).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(scene.begun).toHaveLength(2);
    scene.begun[1]?.onData('hello');
    expect([scene.heard, scene.refused]).toEqual([['hello'], []]);
  });

  test('tells of a failure that will not pass, and stops', () => {
    const scene = open();
    scene.begun[0]?.onError(failure('FORBIDDEN'));
    vi.advanceTimersByTime(60_000);
    expect([scene.refused, scene.begun.length]).toEqual([['forbidden'], 1]);
  });

  test('ends when it is told to, also between two attempts', () => {
    const scene = open();
    scene.begun[0]?.onError(new Error('lost'));
    scene.stop();
    vi.advanceTimersByTime(60_000);
    expect([scene.begun.length, scene.open()]).toEqual([1, 0]);
  });
});
