import { AppError, type AppErrorOptions, type ErrorCode } from '../../../contract/errors.ts';
import type { ChangeOutcome } from '../../store.ts';
import type { StoreMethod } from '../../storeMethods.ts';

/** What the process asks of its store thread, about one of the databases that are open there. */
export type Call = {
  id: number;
  database: number;
  /** `open` takes the path; no other call of the database may come before its answer. */
  method: StoreMethod | 'open' | 'close';
  args: unknown[];
};

export type Answer = { id: number } & ({ value: unknown } | { failure: SentError });

/** An error on its way: between threads only its name, message and stack would arrive. */
export type SentError = {
  error: Error;
  app?: Omit<AppErrorOptions, 'cause'> & { code: ErrorCode; reason: string };
  /** Of the driver: by these it is known what passes by itself. */
  codes?: { code?: unknown; errcode?: unknown };
  cause?: SentError;
};

export function sendError(thrown: unknown): SentError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const plain = {
    error: Object.assign(new Error(error.message), { stack: error.stack }),
    // Why the database is away is what whoever reads the log needs to know.
    ...(error.cause !== undefined && { cause: sendError(error.cause) }),
  };
  if (error instanceof AppError) {
    const { code, reason, retryable, retryAfterMs, details } = error;
    return { ...plain, app: { code, reason, retryable, details, ...(retryAfterMs && { retryAfterMs }) } };
  }
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  return { ...plain, codes: { code, errcode } };
}

export function receiveError({ error, app, codes, cause: sent }: SentError): Error {
  const cause = sent && receiveError(sent);
  if (!app) return Object.assign(error, codes, sent && { cause });
  const { code, reason, ...options } = app;
  const received = new AppError(code, reason, error.message, { ...options, cause });
  return Object.assign(received, { stack: error.stack });
}

/** An outcome may hold an error, deep in the answer to `commitChanges`. */
export type SentOutcome = Exclude<ChangeOutcome, { error: unknown }> | { failure: SentError };

export function sendOutcome(outcome: ChangeOutcome): SentOutcome {
  return 'error' in outcome ? { failure: sendError(outcome.error) } : outcome;
}

export function receiveOutcome(outcome: SentOutcome): ChangeOutcome {
  return 'failure' in outcome ? { error: receiveError(outcome.failure) } : outcome;
}
