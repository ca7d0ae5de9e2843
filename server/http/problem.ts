import { STATUS_CODES } from 'node:http';
import type { Context, MiddlewareHandler } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { z } from 'zod';
import { AppError, type ErrorCode } from '../../contract/errors.ts';
import { describeInput } from '../trpc/trpc.ts';

export const STATUS: Record<ErrorCode, ContentfulStatusCode> = {
  BAD_REQUEST: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_SUPPORTED: 405,
  CONFLICT: 409,
  PAYLOAD_TOO_LARGE: 413,
  TOO_MANY_REQUESTS: 429,
  SERVICE_UNAVAILABLE: 503,
  INTERNAL_SERVER_ERROR: 500,
};

/** Answers an error as `application/problem+json` (RFC 9457). Errors become plain HTTP here, and only here. */
export function problem(c: Context, error: AppError): Response {
  const status = STATUS[error.code];
  if (error.retryAfterMs !== undefined)
    c.header('Retry-After', String(Math.ceil(error.retryAfterMs / 1_000)));
  return c.body(problemBody(error), status, { 'content-type': 'application/problem+json' });
}

/** @returns the problem as JSON. Its title is the phrase of the status, as RFC 9457 asks where the type says nothing. */
export function problemBody(error: AppError): string {
  const status = STATUS[error.code];
  return JSON.stringify({
    ...error.details,
    type: 'about:blank',
    title: STATUS_CODES[status],
    status,
    detail: error.message,
    reason: error.reason,
    retryable: error.retryable,
  });
}

/** Says on every 401 how a caller signs in (RFC 9110, section 11.6.1). */
export function challenge(): MiddlewareHandler {
  return async (c, next) => {
    await next();
    if (c.res.status === 401) c.res.headers.set('www-authenticate', 'Bearer realm="roomscribe"');
  };
}

/** The error that the caller gets: details of an unexpected error stay on the server. */
export function asAppError(error: Error): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof z.ZodError) {
    return new AppError('BAD_REQUEST', 'invalid_input', describeInput(error), { cause: error });
  }
  return new AppError(
    'INTERNAL_SERVER_ERROR',
    'internal_server_error',
    'Something went wrong on the server.',
    {
      cause: error,
    },
  );
}
