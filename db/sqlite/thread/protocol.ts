import { AppError, type AppErrorOptions, type ErrorCode } from '../../../contract/errors.ts';
import type { ChangeOutcome } from '../../store.ts';
import type { StoreMethod } from '../../storeMethods.ts';

/** A call from the process to its store thread, for one of the databases that are open there. */
export type Call = {
  id: number;
  database: number;
  /** `open` takes the path. The database must be open before its other calls. */
  method: StoreMethod | 'open' | 'close';
  args: unknown[];
};

/** The result of the call with the same id. */
export type Answer = { id: number } & ({ value: unknown } | { failure: SerializedError });

/** An error as plain data. A structured clone of an error keeps only its name, message and stack. */
export type SerializedError = {
  error: Error;
  app?: Omit<AppErrorOptions, 'cause'> & { code: ErrorCode; reason: string };
  /** The driver's codes, see `db/sql/failures/`. */
  codes?: { code?: unknown; errcode?: unknown };
  cause?: SerializedError;
};

export function serializeError(thrown: unknown): SerializedError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const plain = {
    error: Object.assign(new Error(error.message), { stack: error.stack }),
    // The log needs the cause of `store_unavailable`.
    ...(error.cause !== undefined && { cause: serializeError(error.cause) }),
  };
  if (error instanceof AppError) {
    const { code, reason, retryable, retryAfterMs, details } = error;
    return { ...plain, app: { code, reason, retryable, details, ...(retryAfterMs && { retryAfterMs }) } };
  }
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  return { ...plain, codes: { code, errcode } };
}

export function deserializeError({ error, app, codes, cause: serializedCause }: SerializedError): Error {
  const cause = serializedCause && deserializeError(serializedCause);
  if (!app) return Object.assign(error, codes, serializedCause && { cause });
  const { code, reason, ...options } = app;
  const appError = new AppError(code, reason, error.message, { ...options, cause });
  return Object.assign(appError, { stack: error.stack });
}

/** An outcome of `commitChanges` as plain data. It can contain an error. */
export type SerializedOutcome = Exclude<ChangeOutcome, { error: unknown }> | { failure: SerializedError };

export function serializeOutcome(outcome: ChangeOutcome): SerializedOutcome {
  return 'error' in outcome ? { failure: serializeError(outcome.error) } : outcome;
}

export function deserializeOutcome(outcome: SerializedOutcome): ChangeOutcome {
  return 'failure' in outcome ? { error: deserializeError(outcome.failure) } : outcome;
}
