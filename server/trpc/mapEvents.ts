import { rethrow } from './trpc.ts';

/**
 * The domain's events as tRPC sends them, until the caller is gone: over server-sent events tRPC itself asks for the
 * end only when the next event comes, and until then a person who left would still be shown as here. Not a generator: one that is dropped before its first `next()` would never
 * reach its `finally`, and the domain would keep a subscriber that nobody reads.
 */
export function mapEvents<T, U>(
  events: AsyncIterableIterator<T, void, void>,
  gone: AbortSignal | undefined,
  shape: (event: T) => U,
): AsyncIterableIterator<U, void, void> {
  const end = async () => void (await events.return?.());
  gone?.addEventListener('abort', end, { once: true });
  if (gone?.aborted) void end();
  return {
    async next() {
      const result = await events.next().catch(rethrow);
      return result.done ? { done: true, value: undefined } : { done: false, value: shape(result.value) };
    },
    async return() {
      gone?.removeEventListener('abort', end);
      await end();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
