/** The kinds of failure that a caller can distinguish. The names are tRPC's. */
export type ErrorCode =
  | 'BAD_REQUEST'
  | 'UNAUTHORIZED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'PAYLOAD_TOO_LARGE'
  | 'TOO_MANY_REQUESTS'
  | 'SERVICE_UNAVAILABLE'
  | 'INTERNAL_SERVER_ERROR';

export type AppErrorOptions = {
  /** Whether the same call can succeed later without any change. */
  retryable?: boolean;
  retryAfterMs?: number;
  /** Data for a program that handles the error, e.g. the id of a conflicting stream. Never the words that people said. */
  details?: Record<string, string | number>;
  cause?: unknown;
};

/**
 * A failure for the caller to see. `reason` is a stable word for programs, `message` a sentence for people. One place
 * turns it into a tRPC error, and one place into an HTTP problem.
 */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly details: Record<string, string | number>;

  constructor(code: ErrorCode, reason: string, message: string, options: AppErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.reason = reason;
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
    this.details = options.details ?? {};
  }
}

/** The error for a user who is not a member of the room. */
export function notMember(): AppError {
  return new AppError('FORBIDDEN', 'not_member', 'Join the room first.');
}
