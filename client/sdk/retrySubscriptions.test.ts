import { createTRPCClient, TRPCClientError, type TRPCLink } from '@trpc/client';
import { observable } from '@trpc/server/observable';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RoomEvent } from '../../contract/types.ts';
import type { AppRouter } from '../../server/trpc/router.ts';
import { retrySubscriptions } from './retrySubscriptions.ts';

const failure = (code: string, more: object = {}) =>
  TRPCClientError.from<AppRouter>({
    error: {
      code: -32_000,
      message: code,
      data: { code, reason: code.toLowerCase(), retryable: false, ...more },
    },
  });

type Call = { input: unknown; fail: (error: Error) => void; emit: (rev: number) => void };

/** A client whose calls end here: the test answers them. */
function open() {
  const calls: Call[] = [];
  let liveCount = 0;
  const terminatingLink: TRPCLink<AppRouter> =
    () =>
    ({ op }) =>
      observable((observer) => {
        liveCount += 1;
        calls.push({
          input: op.input,
          fail: (error) => observer.error(TRPCClientError.from(error)),
          emit: (rev) =>
            observer.next({
              result: { type: 'data', data: { id: String(rev), data: reset(rev) }, id: String(rev) },
            }),
        });
        return () => {
          liveCount -= 1;
        };
      });
  const trpc = createTRPCClient<AppRouter>({ links: [retrySubscriptions(), terminatingLink] });
  return { trpc, calls, liveCount: () => liveCount };
}

const reset = (rev: number): RoomEvent => ({ type: 'reset', rev });

function subscribe() {
  const setup = open();
  const delivered: string[] = [];
  const refused: unknown[] = [];
  const subscription = setup.trpc.messages.live.subscribe(
    { roomId: 'r', lastEventId: '3' },
    { onData: ({ id }) => delivered.push(id), onError: (error) => refused.push(error.data?.reason) },
  );
  return { ...setup, delivered, refused, stop: () => subscription.unsubscribe() };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a subscription', () => {
  test.each([
    [
      'that the server marks as retryable',
      failure('SERVICE_UNAVAILABLE', { retryable: true, retryAfterMs: 500 }),
      500,
    ],
    ['inside the server', failure('INTERNAL_SERVER_ERROR'), 2_000],
    ['without an answer', new Error('lost'), 2_000],
  ])('is reopened after a failure %s', (_, error, ms) => {
    const setup = subscribe();
    setup.calls[0]?.fail(error);
    vi.advanceTimersByTime(ms - 1);
    expect(setup.calls).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(setup.calls).toHaveLength(2);
    setup.calls[1]?.emit(4);
    expect([setup.delivered, setup.refused]).toEqual([['4'], []]);
  });

  test('continues after the last event that it delivered', () => {
    const setup = subscribe();
    setup.calls[0]?.emit(7);
    setup.calls[0]?.fail(new Error('lost'));
    vi.advanceTimersByTime(2_000);
    expect(setup.calls.map(({ input }) => input)).toEqual([
      { roomId: 'r', lastEventId: '3' },
      { roomId: 'r', lastEventId: '7' },
    ]);
  });

  test('ends with a failure that is not retryable, and passes it on', () => {
    const setup = subscribe();
    setup.calls[0]?.fail(failure('FORBIDDEN'));
    vi.advanceTimersByTime(60_000);
    expect([setup.refused, setup.calls.length]).toEqual([['forbidden'], 1]);
  });

  test('ends on unsubscribe, even between two attempts', () => {
    const setup = subscribe();
    setup.calls[0]?.fail(new Error('lost'));
    setup.stop();
    vi.advanceTimersByTime(60_000);
    expect([setup.calls.length, setup.liveCount()]).toEqual([1, 0]);
  });
});

test.each(['query', 'mutation'] as const)('a %s is not repeated', async (kind) => {
  const { trpc, calls } = open();
  const call = kind === 'query' ? trpc.session.me.query() : trpc.session.guest.mutate({ name: 'Ada' });
  const refused = expect(call).rejects.toThrow('lost');
  calls[0]?.fail(new Error('lost'));
  await refused;
  vi.advanceTimersByTime(60_000);
  expect(calls).toHaveLength(1);
});
