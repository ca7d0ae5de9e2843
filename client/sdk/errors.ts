import { TRPCClientError } from '@trpc/client';

/** Why a call failed, in one shape, whoever refused it. */
export type Failure = {
  /** A stable word; `disconnected` when no answer came. */
  reason: string;
  /** tRPC's code; null when no answer came. */
  code: string | null;
  /** Whether the same call can succeed later without any change. */
  retryable: boolean;
  retryAfterMs?: number;
  /** For people, in English. */
  message: string;
  details: Record<string, string | number>;
};

type ServerData = {
  code: string;
  reason: string;
  retryable: boolean;
  retryAfterMs?: number;
  details?: Record<string, string | number>;
};

/** A failure without an answer of the server is a lost connection, a time-out, or a proxy's error page: all may pass. */
export function describeFailure(error: unknown): Failure {
  const data = error instanceof TRPCClientError ? (error.data as ServerData | null | undefined) : undefined;
  if (!data) {
    const message = 'The server could not be reached.';
    return { reason: 'disconnected', code: null, retryable: true, message, details: {} };
  }
  const { code, reason, retryable, retryAfterMs, details = {} } = data;
  const { message } = error as Error;
  return { code, reason, retryable, message, details, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}
