import { AppError } from '../contract/errors.ts';

/** The error of every call while the database is unreachable or busy. */
export function storeUnavailable(cause?: unknown): AppError {
  return new AppError(
    'SERVICE_UNAVAILABLE',
    'store_unavailable',
    'The database does not answer at the moment. Try again.',
    {
      retryable: true,
      retryAfterMs: 1_000,
      cause,
    },
  );
}
