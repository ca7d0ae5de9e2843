import { initTRPC, type TRPCProcedureType as ProcedureType, TRPCError } from '@trpc/server';
import { z } from 'zod';
import { AppError } from '../../contract/errors.ts';
import { LIMITS } from '../../contract/limits.ts';
import type { User } from '../../contract/types.ts';
import type { Outlet } from '../flow/outlet.ts';
import { Quota } from './quota.ts';

export type Context = {
  user: User | null;
  /** Stores the session in a cookie, if the transport has cookies. */
  keepSession: (token: string) => void;
  /** The socket of the call, if it came over a socket. It identifies the socket for the limit of open calls. */
  connection?: object;
  /**
   * Opens an outlet to the subscriber's socket, if the transport has one.
   * @param shape makes what the subscriber gets for an event.
   */
  outlet?: <T extends object>(shape: (event: T) => unknown) => Outlet<T>;
};

/** The fields of `error.data` besides tRPC's own `code`, `httpStatus` and `path`. */
export type Failure = {
  reason: string;
  retryable: boolean;
  retryAfterMs?: number;
  details?: Record<string, string | number>;
};

const t = initTRPC.context<Context>().create({
  // Sends no stack traces: they help an attacker and no caller.
  isDev: false,
  sse: { ping: { enabled: true, intervalMs: 15_000 }, client: { reconnectAfterInactivityMs: 20_000 } },
  errorFormatter: ({ shape, error }) => ({
    ...shape,
    message: messageOf(error),
    data: { ...shape.data, ...failureOf(error) },
  }),
});

function asTRPCError(error: AppError): TRPCError {
  return new TRPCError({ code: error.code, message: error.message, cause: error });
}

/** Throws an AppError as a TRPCError. Errors outside of a procedure need it: in the context, and in an open subscription. */
export function rethrowAsTRPCError(error: unknown): never {
  throw error instanceof AppError ? asTRPCError(error) : error;
}

export function failureOf({ code, cause }: Pick<TRPCError, 'code' | 'cause'>): Failure {
  if (cause instanceof AppError) {
    const { reason, retryable, retryAfterMs, details } = cause;
    return {
      reason,
      retryable,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...(Object.keys(details).length > 0 && { details }),
    };
  }
  if (cause instanceof z.ZodError) return { reason: 'invalid_input', retryable: false };
  return { reason: code.toLowerCase(), retryable: false };
}

function messageOf({ code, cause, message }: TRPCError): string {
  if (cause instanceof AppError) return cause.message;
  if (cause instanceof z.ZodError) return describeInput(cause);
  if (code === 'INTERNAL_SERVER_ERROR') return 'Something went wrong on the server.';
  if (code === 'PARSE_ERROR' || cause instanceof SyntaxError) return 'The request could not be read.';
  return message;
}

/** Describes the first problem of an input: the field and the reason. */
function describeInput({ issues }: z.ZodError): string {
  const [first] = issues;
  const path = first?.path.join('.');
  return path ? `${path}: ${first?.message}` : (first?.message ?? 'The input is not valid.');
}

const openCalls = new Quota<object>(LIMITS.callsInFlight, {
  reason: 'too_many_calls',
  message: 'Too many of your calls wait for an answer. Send fewer at once.',
});

/**
 * Limits the open calls of a socket, so that one socket cannot take all the server's time. Calls over HTTP are limited by
 * the size of their batch.
 * @returns a function that releases the call's place.
 */
function takePlace({ connection }: Context, type: ProcedureType): () => void {
  return connection && type !== 'subscription' ? openCalls.take(connection) : () => {};
}

/**
 * Runs around every procedure. Here, and only here, errors of the domain become errors of tRPC. It is a single middleware
 * because tRPC copies all options of a call for each middleware, and every speaker sends ten chunks a second.
 */
async function guard<T extends { ok: boolean; error?: TRPCError }>(
  ctx: Context,
  type: ProcedureType,
  run: () => Promise<T>,
): Promise<T> {
  let release: (() => void) | undefined;
  try {
    release = takePlace(ctx, type);
    const result = await run();
    if (result.error?.cause instanceof AppError) throw result.error.cause;
    return result;
  } catch (error) {
    return rethrowAsTRPCError(error);
  } finally {
    release?.();
  }
}

export const router = t.router;

/** A procedure that needs no session. */
export const open = t.procedure.use(({ ctx, type, next }) => guard(ctx, type, () => next()));

/** A procedure that needs a session: `ctx.user` is set. */
export const authed = t.procedure.use(({ ctx, type, next }) =>
  guard(ctx, type, () => {
    if (!ctx.user) throw new AppError('UNAUTHORIZED', 'no_session', 'Sign in first, or enter as a guest.');
    return next({ ctx: { user: ctx.user } });
  }),
);
