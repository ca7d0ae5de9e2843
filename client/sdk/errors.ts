import { TRPCClientError } from '@trpc/client';

/** Why a call failed. Server errors and lost connections have the same shape. */
export type Failure = {
  /** A stable word for programs; `disconnected` when no answer came. */
  reason: string;
  /** tRPC's code; null when no answer came. */
  code: string | null;
  /** Whether the same call can succeed later without any change. */
  retryable: boolean;
  retryAfterMs?: number;
  /** A sentence for people, in English. */
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

/** An error without the server's data is a lost connection, a timeout or a proxy's error page: all are retryable. */
export function describeFailure(error: unknown): Failure {
  const data = error instanceof TRPCClientError ? (error.data as ServerData | null | undefined) : undefined;
  if (!data) {
    const message = 'Could not reach the server.';
    return { reason: 'disconnected', code: null, retryable: true, message, details: {} };
  }
  const { code, reason, retryable, retryAfterMs, details = {} } = data;
  const { message } = error as Error;
  return { code, reason, retryable, message, details, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}
