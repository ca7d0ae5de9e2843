import { ConnectionException, DeadlockException, LockWaitTimeoutException } from '@mikro-orm/core';
import { AppError } from '../server/errors.ts';

type Methods = Record<string, (...args: never[]) => Promise<unknown>>;

/** Wraps the methods so that a database that is away or busy is a retryable AppError at the caller. */
export function guard<T extends Methods>(methods: T): T {
  const guarded = Object.entries(methods).map(([name, method]) => [
    name,
    async (...args: never[]) => {
      try {
        return await method(...args);
      } catch (error) {
        throw asStoreError(error);
      }
    },
  ]);
  return Object.fromEntries(guarded) as T;
}

/** What the caller is told of a driver's error. */
export function asStoreError(error: unknown): unknown {
  return isPassing(error) && !(error instanceof AppError) ? storeUnavailable(error) : error;
}

/** Whether the database is away, busy or full, so that the same call can succeed later. */
export function isPassing(error: unknown): boolean {
  return (
    error instanceof ConnectionException ||
    error instanceof LockWaitTimeoutException ||
    error instanceof DeadlockException ||
    (error instanceof AppError && error.retryable) ||
    isPassingInSqlite(error)
  );
}

/** BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN: https://sqlite.org/rescode.html */
const SQLITE_PASSING = new Set([5, 6, 8, 10, 13, 14]);

/** Node's driver puts the result code on the error, and the ORM keeps it. The low byte is the primary code. */
function isPassingInSqlite(error: unknown): boolean {
  const { errcode } = (error ?? {}) as { errcode?: unknown };
  return typeof errcode === 'number' && SQLITE_PASSING.has(errcode & 0xff);
}

export function storeUnavailable(cause?: unknown): AppError {
  return new AppError(
    'SERVICE_UNAVAILABLE',
    'store_unavailable',
    'The database is not answering. Try again.',
    {
      retryable: true,
      retryAfterMs: 1_000,
      cause,
    },
  );
}
