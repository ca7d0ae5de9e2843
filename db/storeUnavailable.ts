import { AppError } from '../contract/errors.ts';

/** What every call hears while the database is away or busy. */
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
