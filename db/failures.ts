import { ConnectionException, DeadlockException, LockWaitTimeoutException } from '@mikro-orm/core';
import { AppError } from '../server/errors.ts';

type Methods = Record<string, (...args: never[]) => Promise<unknown>>;

/** Wraps the methods so that a database that is away or busy is a retryable AppError at the caller. */
export function guard<T extends Methods>(methods: T): T {
  const guarded = Object.entries(methods).map(([name, method]) => [
    name,
    (...args: never[]) => method(...args).catch((error: unknown) => Promise.reject(asStoreError(error))),
  ]);
  return Object.fromEntries(guarded) as T;
}

function asStoreError(error: unknown): unknown {
  return isPassing(error)
    ? new AppError('SERVICE_UNAVAILABLE', 'store_unavailable', 'The database is not answering. Try again.', {
        retryable: true,
        retryAfterMs: 1_000,
        cause: error,
      })
    : error;
}

function isPassing(error: unknown): boolean {
  return (
    error instanceof ConnectionException ||
    error instanceof LockWaitTimeoutException ||
    error instanceof DeadlockException
  );
}
