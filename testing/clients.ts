import {
  createTRPCClient,
  createWSClient,
  httpBatchLink,
  httpLink,
  httpSubscriptionLink,
  isNonJsonSerializable,
  splitLink,
  type TRPCClient,
  TRPCClientError,
  wsLink,
} from '@trpc/client';
import { EventSource, type FetchLike } from 'eventsource';
import { wireEncoder } from '../contract/encoder.ts';
import type { AppRouter } from '../server/trpc/router.ts';

export type Client = TRPCClient<AppRouter>;
export type SocketClient = AsyncDisposable & { trpc: Client; close: () => Promise<void> };

const bearer = (token: string | undefined) => (token ? { authorization: `Bearer ${token}` } : {});

/** The stock client over HTTP, with one request per call. */
export function httpClient(url: string, token?: string): Client {
  return createTRPCClient<AppRouter>({ links: [httpLink({ url: `${url}/trpc`, headers: bearer(token) })] });
}

/** The stock client over HTTP. It batches calls of the same moment; a call with bytes gets its own request. */
export function batchClient(url: string, token?: string): Client {
  const options = { url: `${url}/trpc`, headers: bearer(token) };
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: ({ input }) => isNonJsonSerializable(input),
        true: httpLink(options),
        false: httpBatchLink(options),
      }),
    ],
  });
}

/** The stock client over one WebSocket. It reconnects when the socket is lost. */
export function socketClient(url: string, token?: string, encoder?: typeof wireEncoder): SocketClient {
  const client = createWSClient({
    url: `${url.replace(/^http/, 'ws')}/trpc`,
    connectionParams: token ? { token } : null,
    experimental_encoder: encoder,
    retryDelayMs: () => 5,
  });
  const trpc = createTRPCClient<AppRouter>({ links: [wsLink({ client })] });
  const close = () => client.close();
  return { trpc, close, [Symbol.asyncDispose]: close };
}

/** A `socketClient` that can send bytes. */
export function binaryClient(url: string, token?: string): SocketClient {
  return socketClient(url, token, wireEncoder);
}

/** The stock client over server-sent events. It sends the session cookie, as a browser does. */
export function eventClient(url: string, token: string): Client {
  const withCookie: FetchLike = (address, init) =>
    fetch(address, { ...init, headers: { ...init?.headers, cookie: `roomscribe_session=${token}` } });
  return createTRPCClient<AppRouter>({
    links: [
      httpSubscriptionLink({
        url: `${url}/trpc`,
        EventSource,
        eventSourceOptions: { fetch: withCookie },
      }),
    ],
  });
}

export type Refusal = { message: string; code: string; reason: string; retryable: boolean } & Record<
  string,
  unknown
>;

/** @returns the typed error of a call. @throws Error if the call succeeds or fails without a typed error. */
export async function refusal(call: Promise<unknown>): Promise<Refusal> {
  const error = await call.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  if (!(error instanceof TRPCClientError) || !error.data)
    throw new Error(`The call did not fail with a typed error: ${error}`);
  return { message: error.message, ...error.data };
}
