import { initTRPC, type TRPCProcedureType as ProcedureType, TRPCError } from '@trpc/server';
import { z } from 'zod';
import { AppError } from '../../contract/errors.ts';
import { LIMITS } from '../../contract/limits.ts';
import type { User } from '../../contract/types.ts';
import type { Outlet } from '../flow/outlet.ts';
import { Quota } from './quota.ts';

export type Context = {
  user: User | null;
  /** Remembers the session in a cookie where the transport has one. */
  keepSession: (token: string) => void;
  /** Tells the socket that the call came by from others, if it was one. */
  connection?: object;
  /** Opens an outlet to the subscriber's socket, where the transport has one. `shape` is what the subscriber gets for an event. */
  outlet?: <T extends object>(shape: (event: T) => unknown) => Outlet<T>;
};

/** What every error carries in `error.data`, next to tRPC's own `code`, `httpStatus` and `path`. */
export type Failure = {
  reason: string;
  retryable: boolean;
  retryAfterMs?: number;
  details?: Record<string, string | number>;
};

const t = initTRPC.context<Context>().create({
  // A stack tells an attacker about the server and a caller nothing.
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

/** For what fails outside of a procedure: the context, and a subscription under way. */
export function rethrow(error: unknown): never {
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

/** The first thing that is wrong with an input, in a sentence. */
function describeInput({ issues }: z.ZodError): string {
  const [first] = issues;
  const path = first?.path.join('.');
  return path ? `${path}: ${first?.message}` : (first?.message ?? 'The input is not valid.');
}

const calls = new Quota<object>(LIMITS.callsInFlight, {
  reason: 'too_many_calls',
  message: 'Too many of your calls are waiting for an answer.',
});

/** One socket cannot take the whole server's time: calls over HTTP are bounded by their batch. */
function boundCall({ connection }: Context, type: ProcedureType): () => void {
  return connection && type !== 'subscription' ? calls.take(connection) : () => {};
}

/**
 * What is around every procedure, and the one place where the domain's errors become tRPC's. As one middleware: tRPC
 * copies all of a call's options for each, and ten chunks of audio a second come from everybody who speaks.
 */
async function guard<T extends { ok: boolean; error?: TRPCError }>(
  ctx: Context,
  type: ProcedureType,
  run: () => Promise<T>,
): Promise<T> {
  let answered: (() => void) | undefined;
  try {
    answered = boundCall(ctx, type);
    const result = await run();
    if (result.error?.cause instanceof AppError) throw result.error.cause;
    return result;
  } catch (error) {
    return rethrow(error);
  } finally {
    answered?.();
  }
}

export const router = t.router;

/** For anybody. */
export const open = t.procedure.use(({ ctx, type, next }) => guard(ctx, type, () => next()));

/** For somebody: `ctx.user` is there. */
export const authed = t.procedure.use(({ ctx, type, next }) =>
  guard(ctx, type, () => {
    if (!ctx.user) throw new AppError('UNAUTHORIZED', 'no_session', 'Say who you are first.');
    return next({ ctx: { user: ctx.user } });
  }),
);
