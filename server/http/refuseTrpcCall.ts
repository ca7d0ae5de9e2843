import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import type { Context } from 'hono';
import type { AppError } from '../../contract/errors.ts';
import { failureOf } from '../trpc/trpc.ts';
import { STATUS } from './problem.ts';

/** Answers a tRPC call that fails before tRPC sees it, in the shape that tRPC clients read. */
export function refuseCall(c: Context, error: AppError): Response {
  const { code, message } = error;
  const httpStatus = STATUS[code];
  const data = { code, httpStatus, ...failureOf({ code, cause: error }) };
  return c.json({ error: { message, code: TRPC_ERROR_CODES_BY_KEY[code], data } }, httpStatus);
}
