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

type Call = { input: unknown; fail: (error: Error) => void; tell: (rev: number) => void };

/** A client whose calls arrive nowhere but here. */
function open() {
  const calls: Call[] = [];
  let live = 0;
  const end: TRPCLink<AppRouter> =
    () =>
    ({ op }) =>
      observable((observer) => {
        live += 1;
        calls.push({
          input: op.input,
          fail: (error) => observer.error(TRPCClientError.from(error)),
          tell: (rev) =>
            observer.next({
              result: { type: 'data', data: { id: String(rev), data: reset(rev) }, id: String(rev) },
            }),
        });
        return () => {
          live -= 1;
        };
      });
  const trpc = createTRPCClient<AppRouter>({ links: [retrySubscriptions(), end] });
  return { trpc, calls, live: () => live };
}

const reset = (rev: number): RoomEvent => ({ type: 'reset', rev });

function subscribe() {
  const scene = open();
  const heard: string[] = [];
  const refused: unknown[] = [];
  const subscription = scene.trpc.messages.live.subscribe(
    { roomId: 'r', lastEventId: '3' },
    { onData: ({ id }) => heard.push(id), onError: (error) => refused.push(error.data?.reason) },
  );
  return { ...scene, heard, refused, stop: () => subscription.unsubscribe() };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a subscription', () => {
  test.each([
    [
      'that the server calls retryable',
      failure('SERVICE_UNAVAILABLE', { retryable: true, retryAfterMs: 500 }),
      500,
    ],
    ['inside the server', failure('INTERNAL_SERVER_ERROR'), 2_000],
    ['without an answer', new Error('lost'), 2_000],
  ])('is opened again after a failure %s', (_, error, ms) => {
    const scene = subscribe();
    scene.calls[0]?.fail(error);
    vi.advanceTimersByTime(ms - 1);
    expect(scene.calls).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(scene.calls).toHaveLength(2);
    scene.calls[1]?.tell(4);
    expect([scene.heard, scene.refused]).toEqual([['4'], []]);
  });

  test('continues behind the last event it delivered', () => {
    const scene = subscribe();
    scene.calls[0]?.tell(7);
    scene.calls[0]?.fail(new Error('lost'));
    vi.advanceTimersByTime(2_000);
    expect(scene.calls.map(({ input }) => input)).toEqual([
      { roomId: 'r', lastEventId: '3' },
      { roomId: 'r', lastEventId: '7' },
    ]);
  });

  test('ends with a failure that will not pass, and says so', () => {
    const scene = subscribe();
    scene.calls[0]?.fail(failure('FORBIDDEN'));
    vi.advanceTimersByTime(60_000);
    expect([scene.refused, scene.calls.length]).toEqual([['forbidden'], 1]);
  });

  test('ends when it is told to, also between two attempts', () => {
    const scene = subscribe();
    scene.calls[0]?.fail(new Error('lost'));
    scene.stop();
    vi.advanceTimersByTime(60_000);
    expect([scene.calls.length, scene.live()]).toEqual([1, 0]);
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
