/** The kinds of failure a caller can tell apart; the names are tRPC's. */
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
  /** What a program needs to go on, e.g. the id of the stream in the way. Never what people said. */
  details?: Record<string, string | number>;
  cause?: unknown;
};

/**
 * A failure that the caller should hear about. `reason` is a stable word for programs, `message` a sentence for
 * people. It is turned into a tRPC error and into an HTTP problem in one place each.
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

/** The refusal of somebody who does not belong to a room, whoever finds it out. */
export function notMember(): AppError {
  return new AppError('FORBIDDEN', 'not_member', 'Join the room first.');
}
