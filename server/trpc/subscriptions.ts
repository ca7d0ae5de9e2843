import { LIMITS } from '../../contract/limits.ts';
import type { User } from '../../contract/types.ts';
import type { Outlet } from '../flow/outlet.ts';
import { Quota } from './quota.ts';
import { type Context, rethrow } from './trpc.ts';

type Listener = Pick<Context, 'outlet'> & { user: User };
type Events<T> = AsyncIterableIterator<T, void, void>;

/**
 * The domain's events as tRPC's subscriptions. Over a WebSocket the domain writes them to the caller's socket itself,
 * and tRPC does all the rest: access, started, stopped, errors, the end. Over anything else tRPC asks for them.
 */
export function createStreams() {
  const subscriptions = new Quota<string>(LIMITS.subscriptionsPerUser, {
    reason: 'too_many_subscriptions',
    message: 'You are listening in too many places at once.',
  });

  /** @param shape what the caller gets for an event, `tracked` or not; the types are those of this way of sending. */
  return <T extends object, U>(shape: (event: T) => U) =>
    async (
      { user, outlet: outletFor }: Listener,
      gone: AbortSignal | undefined,
      open: (outlet: Outlet<T> | undefined) => Promise<Events<T>>,
    ): Promise<Events<U>> => {
      const giveBack = subscriptions.take(user.id);
      const outlet = outletFor?.(shape);
      const events = await open(outlet).catch((error: unknown) => {
        giveBack();
        throw error;
      });
      const stream = new Stream(events, shape, giveBack);
      // A WebSocket's subscriptions are returned when it closes.
      if (!outlet) stream.endWhen(gone);
      return stream;
    };
}

/**
 * Not a generator: one that is dropped before its first `next()` would never reach its `finally`, and the domain would
 * keep a subscriber that nobody reads.
 */
class Stream<T, U> implements AsyncIterableIterator<U, void, void> {
  readonly #events: Events<T>;
  readonly #shape: (event: T) => U;
  readonly #onEnd: () => void;

  constructor(events: Events<T>, shape: (event: T) => U, onEnd: () => void) {
    this.#events = events;
    this.#shape = shape;
    this.#onEnd = onEnd;
  }

  async next(): Promise<IteratorResult<U, void>> {
    const result = await this.#events.next().catch(rethrow);
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
   * Over server-sent events tRPC asks for the end only when the next event comes, and until then somebody who left
   * would still be shown as here.
   */
  endWhen(gone: AbortSignal | undefined): void {
    gone?.addEventListener('abort', () => void this.return(), { once: true });
    if (gone?.aborted) void this.return();
  }
}
