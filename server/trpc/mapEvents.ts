import { AppError } from '../errors.ts';
import { asTRPCError } from './trpc.ts';

/**
 * The domain's events as tRPC sends them. Not a generator: one that is dropped before its first `next()` would never
 * reach its `finally`, and the domain would keep a subscriber that nobody reads.
 */
export function mapEvents<T, U>(
  events: AsyncIterableIterator<T, void, void>,
  shape: (event: T) => U,
): AsyncIterableIterator<U, void, void> {
  return {
    async next() {
      const result = await events.next().catch((error: unknown) => {
        throw error instanceof AppError ? asTRPCError(error) : error;
      });
      return result.done ? { done: true, value: undefined } : { done: false, value: shape(result.value) };
    },
    async return() {
      await events.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
