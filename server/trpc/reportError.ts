import type { TRPCError } from '@trpc/server';
import type { Log } from '../log.ts';

/** Logs the errors of tRPC that are the server's fault, without the input. Only the caller gets the other errors. */
export function reportTo(log: Log) {
  return ({ error, path }: { error: TRPCError; path?: string | undefined }) => {
    if (error.code === 'INTERNAL_SERVER_ERROR') log.error({ err: error.cause ?? error, path }, 'call failed');
  };
}
