import {
  createTRPCClient,
  createWSClient,
  httpLink,
  splitLink,
  type TRPCClient,
  type TRPCWebSocketClient,
  wsLink,
} from '@trpc/client';
import { wireEncoder } from '../../contract/encoder.ts';
import type { AppRouter } from '../../server/trpc/router.ts';
import { Backoff } from './backoff.ts';
import { retrySubscriptions } from './retrySubscriptions.ts';

/** `connecting` until the socket has been open once. */
export type ConnectionState = 'connecting' | 'open' | 'closed-retrying';

export type Connection = {
  state: () => ConnectionState;
  /** @returns what ends it. */
  subscribe: (listener: (state: ConnectionState) => void) => () => void;
  /** Tries at once instead of waiting for the next attempt. */
  retryNow: () => void;
  /** Tries more often from now on, for somebody who speaks: what they say can be kept for a while only. @returns what ends it. */
  hurry: () => () => void;
};

export type RoomscribeClient = {
  trpc: TRPCClient<AppRouter>;
  connection: Connection;
  close: () => Promise<void>;
};

export type ClientOptions = {
  /** e.g. `https://rooms.example.org` */
  url: string;
  /** Browsers need none: their session is in a cookie. */
  token?: string;
};

// Under the 60 s after which load balancers drop a silent socket, and never equal to the wait for the answer.
const KEEP_ALIVE = { enabled: true, intervalMs: 20_000, pongTimeoutMs: 8_000 };

/**
 * The stock tRPC client over one WebSocket that heals itself; `session.*` goes over HTTP, where a browser gets its
 * cookie. The server decides who a socket is when it opens: make the client after the session is there.
 *
 * A call whose socket is lost fails with a retryable failure (see `describeFailure`); subscriptions come back by
 * themselves, with the id of the last event they delivered.
 */
export function createRoomscribeClient({ url, token }: ClientOptions): RoomscribeClient {
  const backoff = new Backoff();
  const socket = createWSClient({
    url: async () => {
      await backoff.wait();
      return `${url.replace(/^http/, 'ws')}/trpc`;
    },
    ...(token !== undefined && { connectionParams: { token } }),
    experimental_encoder: wireEncoder,
    keepAlive: KEEP_ALIVE,
    // The wait is ours, before the address is given out: it can be cut short, tRPC's cannot.
    retryDelayMs: (attempt) => {
      backoff.plan(attempt);
      return 0;
    },
  });
  const trpc = createTRPCClient<AppRouter>({
    links: [
      retrySubscriptions(),
      splitLink({
        condition: ({ path }) => path.startsWith('session.'),
        true: httpLink({
          url: `${url}/trpc`,
          ...(token && { headers: { authorization: `Bearer ${token}` } }),
        }),
        false: wsLink({ client: socket }),
      }),
    ],
  });
  return {
    trpc,
    connection: { ...watch(socket), retryNow: () => backoff.cut(), hurry: () => backoff.hurry() },
    close() {
      backoff.cut();
      return socket.close();
    },
  };
}

/** Only `session.*`, without a socket: for before it is known who somebody is. */
export function createSessionClient(url: string): Pick<TRPCClient<AppRouter>, 'session'> {
  return createTRPCClient<AppRouter>({ links: [httpLink({ url: `${url}/trpc` })] });
}

function watch(socket: TRPCWebSocketClient): Pick<Connection, 'state' | 'subscribe'> {
  const listeners = new Set<(state: ConnectionState) => void>();
  let state: ConnectionState = 'connecting';
  socket.connectionState.subscribe({
    next(change) {
      const next =
        change.state === 'pending' ? 'open' : state === 'connecting' ? 'connecting' : 'closed-retrying';
      if (next === state) return;
      state = next;
      for (const listener of listeners) listener(state);
    },
  });
  return {
    state: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
