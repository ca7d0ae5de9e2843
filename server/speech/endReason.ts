import { AppError } from '../../contract/errors.ts';

/** Why a stream ends: a stable word for programs, and a sentence for people if there is more to say. */
export type EndReason = {
  reason: string;
  message?: string;
  /** A new stream would end for the same reason, e.g. wrong credentials, or a language that the engine lacks. */
  isPermanent?: boolean;
};

/**
 * The error for calls of an ended stream. It asks for a new stream, or says why a new one would not help.
 * @param details more for the program that continues.
 */
export function streamEnded(
  { reason, message, isPermanent }: EndReason,
  details: Record<string, number> = {},
): AppError {
  if (isPermanent) return new AppError('SERVICE_UNAVAILABLE', reason, message ?? 'Speech is not available.');
  return new AppError(
    'CONFLICT',
    'stream_ended',
    message ?? 'This speech stream has ended. Start a new one.',
    { details: { endedBecause: reason, ...details } },
  );
}

export function endReasonOf(error: unknown): EndReason {
  return error instanceof AppError
    ? { reason: error.reason, message: error.message, isPermanent: !error.retryable }
    : { reason: 'engine_failed', message: 'The speech engine failed.' };
}
