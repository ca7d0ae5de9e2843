import { retryLink, type TRPCLink } from '@trpc/client';
import type { AnyRouter } from '@trpc/server';
import { describeFailure } from './errors.ts';

/** The pause before a subscription is reopened, if the server names none. */
const RETRY_MS = 2_000;

/**
 * Reopens a subscription that the server ended with a retryable error. tRPC itself reopens after a lost socket only.
 * The subscription continues after the last event that it delivered. Other errors are passed to the subscriber.
 */
export function retrySubscriptions<Router extends AnyRouter>(): TRPCLink<Router> {
  // tRPC calls `retry` and right after it `retryDelayMs`, which gets no error. So `retry` stores the pause.
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
