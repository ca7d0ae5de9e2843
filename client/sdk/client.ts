import {
  createTRPCClient,
  createWSClient,
  httpBatchLink,
  httpLink,
  httpSubscriptionLink,
  isNonJsonSerializable,
  splitLink,
  type TRPCClient,
  type TRPCLink,
  type TRPCWebSocketClient,
  wsLink,
} from '@trpc/client';
import { EventSource, type FetchLike } from 'eventsource';
import { CLOSE } from '../../contract/close.ts';
import { wireEncoder } from '../../contract/encoder.ts';
import { LIMITS } from '../../contract/limits.ts';
import type { AppRouter } from '../../server/trpc/router.ts';
import { Backoff } from './backoff.ts';
import { retrySubscriptions } from './retrySubscriptions.ts';
import { Transport, transportLink, type Way } from './transport.ts';
import { watchedSocket } from './watchedSocket.ts';

/**
 * `connecting` until the socket has opened for the first time. `refused` if the user has too many sockets: the client
 * tries again only after `retryNow`.
 */
export type ConnectionState = 'connecting' | 'open' | 'closed-retrying' | 'refused';

export type Connection = {
  state: () => ConnectionState;
  /** `events` while something between here and the server blocks WebSockets. */
  way: () => Way;
  /** Calls the listener when the state or the way changes. @returns a function that ends the subscription. */
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

/** The options of a call that is sent at once, over HTTP, and survives the page that makes it. */
export const PARTING = { context: { parting: true } };

// Load balancers drop a silent socket after 60 s. The interval and the timeout must differ.
const KEEP_ALIVE = { enabled: true, intervalMs: 20_000, pongTimeoutMs: 8_000 };

/**
 * The standard tRPC client over one WebSocket that reconnects by itself. Calls to `session.*` go over HTTP, so that a
 * browser can get its cookie. The server reads the session when the socket opens: create the session before the client.
 * Where WebSockets are blocked, everything goes over HTTP and server-sent events until a socket works.
 *
 * A call whose socket is lost fails with a retryable failure, see `describeFailure`. Subscriptions reopen by themselves
 * and continue after the last event that they delivered.
 */
export function createRoomscribeClient({ url, token }: ClientOptions): RoomscribeClient {
  const backoff = new Backoff();
  const http = { url: `${url}/trpc`, ...(token && { headers: { authorization: `Bearer ${token}` } }) };
  const prober = createTRPCClient<AppRouter>({ links: [httpLink(http)] });
  const transport = new Transport(
    (signal) => prober.session.me.query(undefined, { signal }),
    (way) => backoff.setUrgent(way === 'socket'),
  );
  const onRefused = () => {
    backoff.stop();
    state.refuse();
  };
  const socket = createSocket({ url, token, backoff, transport, onRefused });
  const state = watchState(socket, transport);
  const trpc = createTRPCClient<AppRouter>({
    links: [
      retrySubscriptions(),
      splitLink({
        condition: ({ path, context }) => path.startsWith('session.') || context.parting === true,
        true: httpLink({ ...http, fetch: (address, init) => fetch(address, { ...init, keepalive: true }) }),
        false: transportLink(transport, {
          socket: wsLink({ client: socket }),
          events: eventsLink(http, token),
        }),
      }),
    ],
  });
  return {
    trpc,
    connection: {
      state: state.current,
      subscribe: state.subscribe,
      ...{ way: () => transport.way, retryNow: () => backoff.cut(), hurry: () => backoff.hurry() },
    },
    close() {
      backoff.cut();
      return socket.close();
    },
  };
}

type SocketParts = ClientOptions & {
  token: string | undefined;
  backoff: Backoff;
  transport: Transport;
  /** Called when the user has too many sockets. */
  onRefused: () => void;
};

function createSocket({ url, token, backoff, transport, onRefused }: SocketParts): TRPCWebSocketClient {
  return createWSClient({
    url: async () => {
      await backoff.wait();
      return `${url.replace(/^http/, 'ws')}/trpc`;
    },
    WebSocket: watchedSocket({
      onOpen: () => transport.socketOpened(),
      onProved: () => transport.socketProved(),
      onFailed: () => transport.socketFailed(),
      onClose(event) {
        transport.socketClosed();
        backoff.noteClose(event);
      },
    }),
    ...(token !== undefined && { connectionParams: { token } }),
    experimental_encoder: wireEncoder,
    onClose(cause) {
      if (cause?.code === CLOSE.tooManySockets) onRefused();
    },
    keepAlive: KEEP_ALIVE,
    // The pause happens in `url` above, where `retryNow` can end it. tRPC's own delay cannot be ended early.
    retryDelayMs: (attempt) => {
      backoff.plan(attempt);
      return 0;
    },
  });
}

type HttpOptions = { url: string; headers?: { authorization: string } };

/** Everything over HTTP. A token travels in a header and a browser's session in its cookie, never in a URL. */
function eventsLink(http: HttpOptions, token: string | undefined): TRPCLink<AppRouter> {
  const withHeaders: FetchLike = (address, init) =>
    fetch(address, { ...init, headers: { ...init?.headers, ...http.headers } });
  const calls = splitLink<AppRouter>({
    condition: ({ input }) => isNonJsonSerializable(input),
    true: httpLink(http),
    false: httpBatchLink({ ...http, maxItems: LIMITS.batchCalls }),
  });
  return splitLink<AppRouter>({
    condition: ({ type }) => type === 'subscription',
    true:
      token === undefined && 'EventSource' in globalThis
        ? httpSubscriptionLink({ url: http.url })
        : httpSubscriptionLink({ url: http.url, EventSource, eventSourceOptions: { fetch: withHeaders } }),
    false: calls,
  });
}

/** A client for `session.*` only, without a socket. Use it before there is a session. */
export function createSessionClient(url: string): Pick<TRPCClient<AppRouter>, 'session'> {
  return createTRPCClient<AppRouter>({ links: [httpLink({ url: `${url}/trpc` })] });
}

/** Follows the state of the connection. `refuse` reports that the server has refused one more socket. */
function watchState(socket: TRPCWebSocketClient, transport: Transport) {
  const listeners = new Set<(state: ConnectionState) => void>();
  let state: ConnectionState = 'connecting';
  const change = (next: ConnectionState) => {
    if (next === state) return;
    state = next;
    for (const listener of listeners) listener(state);
  };
  const update = () => {
    const isOpen = transport.way === 'events' || socket.connectionState.get().state === 'pending';
    if (isOpen) change('open');
    else if (state === 'open') change('closed-retrying');
  };
  socket.connectionState.subscribe({ next: update });
  transport.subscribe(() => {
    update();
    for (const listener of listeners) listener(state);
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
