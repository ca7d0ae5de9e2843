import type { TRPCError } from '@trpc/server';
import type { Log } from '../log.ts';

/** Logs what is our fault, without the input; what is the caller's fault, the caller is told. */
export function reportTo(log: Log) {
  return ({ error, path }: { error: TRPCError; path?: string | undefined }) => {
    if (error.code === 'INTERNAL_SERVER_ERROR') log.error({ err: error.cause ?? error, path }, 'call failed');
  };
}
