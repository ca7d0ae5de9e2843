import { retryLink, type TRPCLink } from '@trpc/client';
import type { AnyRouter } from '@trpc/server';
import { describeFailure } from './errors.ts';

/** The pause before a subscription is opened again, if the server names none. */
const RETRY_MS = 2_000;

/**
 * Opens a subscription again when the server ended it with an error that may pass: tRPC itself only mends a lost socket.
 * It continues behind the last event that was delivered. An error that will not pass is handed to the subscriber.
 */
export function retrySubscriptions<Router extends AnyRouter>(): TRPCLink<Router> {
  // tRPC asks `retry`, and at once for the pause, without the error: so the pause is noted in between.
  let pauseMs = RETRY_MS;
  return retryLink({
    retry({ op, error }) {
      if (op.type !== 'subscription') return false;
      const { retryable, code, retryAfterMs } = describeFailure(error);
      pauseMs = retryAfterMs ?? RETRY_MS;
      return retryable || code === 'INTERNAL_SERVER_ERROR';
    },
    retryDelayMs: () => pauseMs,
  });
}
