import { createTRPCClient, createWSClient, httpLink, type TRPCClient, wsLink } from '@trpc/client';
import { wireEncoder } from '../contract/encoder.ts';
import type { AppRouter } from '../server/trpc/router.ts';

export type Person = { id: string; trpc: TRPCClient<AppRouter>; leave: () => Promise<void> };

/** Signs in a new guest with the stock client: over HTTP for the session, then over one WebSocket. */
export async function enter(url: string, name: string): Promise<Person> {
  const http = createTRPCClient<AppRouter>({ links: [httpLink({ url: `${url}/trpc` })] });
  const { token, user } = await http.session.guest.mutate({ name });
  const socket = createWSClient({
    url: `${url.replace(/^http/, 'ws')}/trpc`,
    connectionParams: { token },
    experimental_encoder: wireEncoder,
  });
  return {
    id: user.id,
    trpc: createTRPCClient<AppRouter>({ links: [wsLink({ client: socket })] }),
    leave: () => socket.close(),
  };
}
