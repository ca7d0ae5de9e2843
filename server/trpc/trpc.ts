import { initTRPC, type TRPCProcedureType as ProcedureType, TRPCError } from '@trpc/server';
import { z } from 'zod';
import { AppError, malformed, methodNotAllowed, noSession, withoutStack } from '../../contract/errors.ts';
import type { User } from '../../contract/types.ts';
import type { Outlet } from '../flow/outlet.ts';
import type { Caller } from '../flow/tally.ts';
import type { Answer } from '../flow/unread.ts';
import { answerInTurn, type Turn, turnOf, type Work } from '../flow/work.ts';

export type Context = {
  user: User | null;
  /** Where the call comes from. @see networkOf */
  address: string;
  /** The queues of this server's calls. */
  work: Work;
  /** The answer to the request, or to the call of a socket. Its results count until the client has taken them. A
   * subscription has none. */
  answer?: Answer;
  /** Waits for the caller's turn on the main thread, if the transport has not done so. */
  takeTurn?: () => Promise<void>;
  /** Stores the session in a cookie, if the transport has cookies. */
  keepSession: (token: string) => void;
  /** The socket of the call, if it came over a socket. Its subscriptions are counted, and its input has arrived whole. */
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
  errorFormatter({ shape, error: thrown, type }) {
    const error = thrown.code === 'METHOD_NOT_SUPPORTED' ? wrongMethod(type) : thrown;
    return { ...shape, message: messageOf(error), data: { ...shape.data, ...failureOf(error) } };
  },
});

/** A mutation that was called with GET, or another procedure with POST. Other methods never reach tRPC. */
function wrongMethod(type: ProcedureType | 'unknown'): TRPCError {
  return asTRPCError(
    type === 'mutation' ? methodNotAllowed('GET', ['POST']) : methodNotAllowed('POST', ['GET']),
  );
}

/** The error that tRPC answers for an error of the domain. */
export function asTRPCError(error: AppError): TRPCError {
  return withoutStack(() => new TRPCError({ code: error.code, message: error.message, cause: error }));
}

/**
 * Throws an AppError as a TRPCError. Errors outside of a procedure need it: in the context, and in an open subscription.
 */
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
  // A frame of a socket that cannot be read is a fault of its own: `parse_error`.
  if (cause instanceof SyntaxError && code !== 'PARSE_ERROR') {
    return { reason: malformed().reason, retryable: false };
  }
  return { reason: code.toLowerCase(), retryable: false };
}

function messageOf({ code, cause, message }: TRPCError): string {
  if (cause instanceof AppError) return cause.message;
  if (cause instanceof z.ZodError) return describeInput(cause);
  if (code === 'INTERNAL_SERVER_ERROR') return 'Something went wrong on the server.';
  if (code === 'PARSE_ERROR' || cause instanceof SyntaxError) return malformed().message;
  return message;
}

/** Describes the first problem of an input: the field and the reason. */
export function describeInput({ issues }: z.ZodError): string {
  const [first] = issues;
  const path = first?.path.join('.');
  return path ? `${path}: ${first?.message}` : (first?.message ?? 'The input is not valid.');
}

/** The queue of a procedure, or `none` for one that asks no database. */
type Queue = 'reads' | 'changes' | 'replays' | 'none';

function callerOf({ user, address, answer }: Context): Caller {
  return { userId: user?.id ?? null, address, answer };
}

/** The turns in which a subscription reads what its caller has missed. */
export function replayTurns(ctx: Context, gone: AbortSignal | undefined): Turn {
  return turnOf(ctx.work.replays, callerOf(ctx), gone);
}

/** The turns of a call that waits for other things too, so that it holds no place meanwhile. */
export function changeTurns(ctx: Context, gone: AbortSignal | undefined): Turn {
  return turnOf(ctx.work.changes, callerOf(ctx), gone);
}

type Call = {
  ctx: Context;
  type: ProcedureType;
  signal: AbortSignal | undefined;
  getRawInput: () => Promise<unknown>;
};

/** What a procedure came to. */
type Outcome = { ok: boolean; data?: unknown; error?: TRPCError };

/**
 * Runs around every procedure. Here, and only here, calls wait for their turn, and errors of the domain become errors of
 * tRPC. It is a single middleware because tRPC copies all options of a call for each middleware, and every speaker sends
 * ten chunks a second.
 */
async function guard<T extends Outcome>(call: Call, queue: Queue, run: () => Promise<T>): Promise<T> {
  try {
    if (call.ctx.takeTurn) await call.ctx.takeTurn();
    const result = await (queue === 'none' ? run() : runInTurn(call, queue, run));
    if (result.error?.cause instanceof AppError) throw result.error.cause;
    return result;
  } catch (error) {
    return rethrowAsTRPCError(error);
  }
}

/** Over HTTP the body comes first: a client that sends its body slowly holds no place. */
async function runInTurn<T extends Outcome>(
  { ctx, signal, getRawInput }: Call,
  queue: Exclude<Queue, 'none'>,
  run: () => Promise<T>,
): Promise<T> {
  if (!ctx.connection) await getRawInput();
  return answerInTurn(ctx.work, queue, {
    caller: callerOf(ctx),
    gone: signal,
    run,
    contentOf: ({ data }) => data,
  });
}

export const router = t.router;

/** A procedure that needs no session. */
export const open = t.procedure.use((call) => guard(call, 'reads', () => call.next()));

const authedIn = (queue: Queue) =>
  t.procedure.use((call) => {
    const { user } = call.ctx;
    return user
      ? guard(call, queue, () => call.next({ ctx: { user } }))
      : guard(call, 'none', () => Promise.reject(noSession()));
  });

/** A procedure that needs a session: `ctx.user` is set. */
export const authed = authedIn('reads');

/** A procedure that opens a subscription. */
export const authedLive = authedIn('replays');

/** A procedure that changes a room's timeline. */
export const authedChange = authedIn('changes');

/** A procedure that asks no database, or takes its turns itself. Chunks of speech never wait. */
export const authedChunk = authedIn('none');
