import { expect, test, vi } from 'vitest';
import { LIMITS } from '../../contract/limits.ts';
import { upTo } from '../../db/testing/material.ts';
import { openServer } from '../../testing/liveServer.ts';
import { openRawSocket } from '../../testing/rawSocket.ts';
import { createRoomscribeClient } from './client.ts';

test('a client whose user has too many sockets stops trying until it is asked to', async () => {
  await using server = await openServer();
  const { token } = await server.enter('Ada');
  const others = await Promise.all(
    upTo(LIMITS.socketsPerUser).map(() => openRawSocket(server.url, { token })),
  );
  const states: string[] = [];
  const client = createRoomscribeClient({ url: server.url, token });
  client.connection.subscribe((state) => states.push(state));
  const rooms = client.trpc.rooms.list.query({}).catch(() => undefined);
  await vi.waitFor(() => expect(client.connection.state()).toBe('refused'), 10_000);
  const attempts = () => states.filter((state) => state === 'open').length;
  const before = attempts();
  await others[0]?.[Symbol.asyncDispose]();
  // There is a place now, but the client does not know. Another one takes it meanwhile, and works.
  await using another = await openRawSocket(server.url, { token });
  another.send(JSON.stringify({ id: 1, method: 'query', params: { path: 'session.me' } }));
  await another.next();
  expect([client.connection.state(), attempts()]).toEqual(['refused', before]);
  await others[1]?.[Symbol.asyncDispose]();
  client.connection.retryNow();
  await vi.waitFor(() => expect(client.connection.state()).toBe('open'), 10_000);
  await client.close();
  await rooms;
  for (const socket of others.slice(2)) await socket[Symbol.asyncDispose]();
});
