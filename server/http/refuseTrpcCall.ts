import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import type { Context } from 'hono';
import { AppError, methodNotAllowed } from '../../contract/errors.ts';
import { LIMITS } from '../../contract/limits.ts';
import { failureOf } from '../trpc/trpc.ts';
import { STATUS } from './problem.ts';

/** Answers a tRPC call that fails before tRPC sees it, in the shape that tRPC clients read. */
export function refuseCall(c: Context, error: AppError): Response {
  const { code, message } = error;
  const httpStatus = STATUS[code];
  const data = { code, httpStatus, ...failureOf({ code, cause: error }) };
  return c.json({ error: { message, code: TRPC_ERROR_CODES_BY_KEY[code], data } }, httpStatus);
}

const METHODS = ['GET', 'POST'];

/**
 * Refuses what tRPC would refuse in words of its own: it asks a PUT for its content type, and of a batch it does not say
 * how many calls are too many.
 * @throws AppError METHOD_NOT_SUPPORTED `method_not_allowed`, BAD_REQUEST `batch_too_large`
 */
export function checkCall(c: Context): void {
  const { method, path } = c.req;
  if (!METHODS.includes(method) && method !== 'HEAD') {
    c.header('allow', METHODS.join(', '));
    throw methodNotAllowed(method, METHODS);
  }
  if (c.req.query('batch') === '1' && path.split(',').length > LIMITS.batchCalls) {
    const sentence = `One request holds at most ${LIMITS.batchCalls} calls.`;
    throw new AppError('BAD_REQUEST', 'batch_too_large', sentence);
  }
}

/** All of tRPC's refusals are JSON. Some of them do not say so, and would be sent as text. */
export function asJson(answer: Response): Response {
  if (answer.status >= 400) answer.headers.set('content-type', 'application/json');
  return answer;
}
