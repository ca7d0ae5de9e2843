import { LIMITS } from '../../contract/limits.ts';
import type { User } from '../../contract/types.ts';
import type { Outlet } from '../flow/outlet.ts';
import { Quota } from './quota.ts';
import { type Context, rethrowAsTRPCError } from './trpc.ts';

type Caller = Pick<Context, 'outlet' | 'connection'> & { user: User };
type Events<T> = AsyncIterableIterator<T, void, void>;

/**
 * Turns events of the domain into tRPC subscriptions. Over a WebSocket, the domain writes the events to the caller's
 * socket itself, and tRPC does the rest: access, started, stopped, errors. Over other transports, tRPC asks for each
 * event.
 */
export function createSubscriptions() {
  const refusal = {
    reason: 'too_many_subscriptions',
    message: 'You have too many subscriptions open at once. Close some windows first.',
  };
  const overSockets = new Quota<string>(LIMITS.subscriptionsPerUser, refusal);
  const overHttp = new Quota<string>(LIMITS.eventStreamsPerUser, refusal);

  /** @param shape makes what the caller gets for an event, `tracked` or not. */
  return <T extends object, U>(shape: (event: T) => U) =>
    async (
      { user, connection, outlet: outletFor }: Caller,
      gone: AbortSignal | undefined,
      open: (outlet: Outlet<T> | undefined) => Promise<Events<T>>,
    ): Promise<Events<U>> => {
      const release = (connection ? overSockets : overHttp).take(user.id);
      const outlet = outletFor?.(shape);
      const events = await open(outlet).catch((error: unknown) => {
        release();
        throw error;
      });
      const subscription = new SubscriptionEvents(events, shape, release);
      // When a WebSocket closes, `TrpcSocket` itself ends its subscriptions.
      if (!connection) subscription.endWhen(gone);
      return subscription;
    };
}

/**
 * The events that tRPC iterates over. It is no generator, because a generator that is dropped before its first `next()`
 * never reaches its `finally`. Then the domain would keep a subscriber that nobody reads.
 */
class SubscriptionEvents<T, U> implements AsyncIterableIterator<U, void, void> {
  readonly #events: Events<T>;
  readonly #shape: (event: T) => U;
  readonly #onEnd: () => void;

  constructor(events: Events<T>, shape: (event: T) => U, onEnd: () => void) {
    this.#events = events;
    this.#shape = shape;
    this.#onEnd = onEnd;
  }

  async next(): Promise<IteratorResult<U, void>> {
    const result = await this.#events.next().catch(rethrowAsTRPCError);
    return result.done ? { done: true, value: undefined } : { done: false, value: this.#shape(result.value) };
  }

  async return(): Promise<IteratorResult<U, void>> {
    this.#onEnd();
    await this.#events.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /**
   * Ends the subscription when the signal aborts. For server-sent events, tRPC itself notices the end of the connection
   * only at the next event, and until then a user who has gone is shown as present.
   */
  endWhen(gone: AbortSignal | undefined): void {
    gone?.addEventListener('abort', () => void this.return(), { once: true });
    if (gone?.aborted) void this.return();
  }
}
