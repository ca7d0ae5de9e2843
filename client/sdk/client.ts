import {
  createTRPCClient,
  createWSClient,
  httpLink,
  splitLink,
  type TRPCClient,
  type TRPCWebSocketClient,
  wsLink,
} from '@trpc/client';
import { CLOSE } from '../../contract/close.ts';
import { wireEncoder } from '../../contract/encoder.ts';
import type { AppRouter } from '../../server/trpc/router.ts';
import { Backoff } from './backoff.ts';
import { retrySubscriptions } from './retrySubscriptions.ts';

/**
 * `connecting` until the socket has opened for the first time. `refused` if the user has too many sockets: the client
 * tries again only after `retryNow`.
 */
export type ConnectionState = 'connecting' | 'open' | 'closed-retrying' | 'refused';

export type Connection = {
  state: () => ConnectionState;
  /** @returns a function that ends the subscription. */
  subscribe: (listener: (state: ConnectionState) => void) => () => void;
  /** Ends the pause before the next attempt to connect. */
  retryNow: () => void;
  /** Makes reconnects faster while unsent speech could be lost. @returns a function that ends this. */
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
  /** An API token. Browsers need none, because their session is in a cookie. */
  token?: string;
};

// Load balancers drop a silent socket after 60 s. The interval and the timeout must differ.
const KEEP_ALIVE = { enabled: true, intervalMs: 20_000, pongTimeoutMs: 8_000 };

/**
 * The standard tRPC client over one WebSocket that reconnects by itself. Calls to `session.*` go over HTTP, so that a
 * browser can get its cookie. The server reads the session when the socket opens: create the session before the client.
 *
 * A call whose socket is lost fails with a retryable failure, see `describeFailure`. Subscriptions reopen by themselves
 * and continue after the last event that they delivered.
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
    onClose(cause) {
      if (cause?.code !== CLOSE.tooManySockets) return;
      backoff.stop();
      state.refuse();
    },
    keepAlive: KEEP_ALIVE,
    // The pause happens in `url` above, where `retryNow` can end it. tRPC's own delay cannot be ended early.
    retryDelayMs: (attempt) => {
      backoff.plan(attempt);
      return 0;
    },
  });
  const state = watchState(socket);
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
    connection: {
      state: state.current,
      subscribe: state.subscribe,
      retryNow: () => backoff.cut(),
      hurry: () => backoff.hurry(),
    },
    close() {
      backoff.cut();
      return socket.close();
    },
  };
}

/** A client for `session.*` only, without a socket. Use it before there is a session. */
export function createSessionClient(url: string): Pick<TRPCClient<AppRouter>, 'session'> {
  return createTRPCClient<AppRouter>({ links: [httpLink({ url: `${url}/trpc` })] });
}

/** Follows the state of the socket. `refuse` reports that the server has refused it. */
function watchState(socket: TRPCWebSocketClient) {
  const listeners = new Set<(state: ConnectionState) => void>();
  let state: ConnectionState = 'connecting';
  const change = (next: ConnectionState) => {
    if (next === state) return;
    state = next;
    for (const listener of listeners) listener(state);
  };
  socket.connectionState.subscribe({
    next(connection) {
      if (connection.state === 'pending') change('open');
      else if (state === 'open') change('closed-retrying');
    },
  });
  return {
    current: () => state,
    refuse: () => change('refused'),
    subscribe(listener: (state: ConnectionState) => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
