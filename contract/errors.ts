/** The kinds of failure that a caller can distinguish. The names are tRPC's. */
export type ErrorCode =
  | 'BAD_REQUEST'
  | 'UNAUTHORIZED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'METHOD_NOT_SUPPORTED'
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

/** The error of a call that needs a session and has none. */
export function noSession(): AppError {
  return new AppError('UNAUTHORIZED', 'no_session', 'Sign in first, or enter as a guest.');
}

/** The error of a body that is no JSON, or of a call that is not in tRPC's form. */
export function malformed(cause?: unknown): AppError {
  return new AppError('BAD_REQUEST', 'malformed', 'The request could not be read.', { cause });
}

/** The error of a request whose address takes other methods. It says which. */
export function methodNotAllowed(method: string, allowed: string[]): AppError {
  const sentence = `This address does not take ${method}. It takes ${allowed.join(', ')}.`;
  return new AppError('METHOD_NOT_SUPPORTED', 'method_not_allowed', sentence);
}

/** The error for a user who is not a member of the room. */
export function notMember(): AppError {
  return new AppError('FORBIDDEN', 'not_member', 'Join the room first.');
}

/**
 * Makes an error without a stack trace. To take one costs more than the rest of a refusal, and a server that has too much to
 * do refuses thousands of calls a second.
 */
export function withoutStack<T extends Error>(make: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** The error of a call while too many calls of the same caller wait. */
export function tooManyCalls(): AppError {
  const sentence = 'Too many of your calls wait for an answer. Send fewer at once.';
  const options = { retryable: true, retryAfterMs: 1_000 };
  return withoutStack(() => new AppError('TOO_MANY_REQUESTS', 'too_many_calls', sentence, options));
}

/** The error of a call that waited too long, or came while too many calls wait in all. */
export function busy(): AppError {
  const sentence = 'The server has too much to do. Try again.';
  const options = { retryable: true, retryAfterMs: 2_000 };
  return withoutStack(() => new AppError('SERVICE_UNAVAILABLE', 'busy', sentence, options));
}

/** The error of a call whose caller has gone before its turn. Nobody reads it. */
export function callerGone(): AppError {
  const options = { retryable: true };
  return withoutStack(
    () => new AppError('SERVICE_UNAVAILABLE', 'caller_gone', 'The caller has gone.', options),
  );
}
