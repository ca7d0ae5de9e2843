import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { LIMITS } from '../../contract/limits.ts';
import { upTo } from '../../db/testing/material.ts';
import { calls } from '../../testing/abuse/frames.ts';
import { addLongRoom } from '../../testing/abuse/longRoom.ts';
import { httpClient } from '../../testing/clients.ts';
import { type LiveServer, openServer } from '../../testing/liveServer.ts';
import { type MysqlServer, startMariadb } from '../../testing/mysqlServers.ts';
import { openRawSocket } from '../../testing/rawSocket.ts';

const SEARCHES = 200;
const searches = JSON.stringify(calls(SEARCHES, 'query', 'messages.search', () => ({ query: 'hello' })));

let mariadb: MysqlServer;
beforeAll(async () => {
  mariadb = await startMariadb();
}, 60_000);
afterAll(() => mariadb[Symbol.asyncDispose]());

describe.each([
  ['SQLite', async () => 'sqlite::memory:'],
  ['MariaDB', () => mariadb.database()],
])('with 200 searches of one person in a frame, on %s,', (_, database) => {
  let server: LiveServer;
  let started: number;
  /** Searches wait for it. */
  let gate: PromiseWithResolvers<void>;
  beforeAll(async () => {
    const databaseUrl = await database();
    server = await openServer({
      databaseUrl,
      alter: (store) => ({
        async newestInRooms(...args) {
          started += 1;
          await gate.promise;
          return store.newestInRooms(...args);
        },
      }),
    });
  }, 60_000);
  afterAll(() => server[Symbol.asyncDispose]());

  async function attack() {
    started = 0;
    gate = Promise.withResolvers();
    const mallory = await server.enter('Mallory');
    const socket = await openRawSocket(server.url, { token: mallory.token });
    socket.send(searches);
    await vi.waitFor(() => expect(started).toBe(LIMITS.readsAtOnce));
    return { mallory, socket };
  }

  test('only a few of them run, and another person reads, writes and enters meanwhile', async () => {
    const { socket } = await attack();
    const ben = httpClient(server.url, (await server.enter('Ben')).token);
    const { id: roomId } = await ben.rooms.create.mutate({ name: 'Hall' });
    await ben.messages.send.mutate({ roomId, clientId: randomUUID(), text: 'hello' });
    expect((await ben.messages.list.query({ roomId })).items).toHaveLength(1);
    expect(started).toBe(LIMITS.readsAtOnce);
    gate.resolve();
    for (let i = 0; i < SEARCHES; i += 1) expect((await socket.next()).result).toBeDefined();
    await socket[Symbol.asyncDispose]();
  });

  test('those that have not started are dropped with their socket, and the person is served again', async () => {
    const { mallory, socket } = await attack();
    await socket[Symbol.asyncDispose]();
    gate.resolve();
    const again = httpClient(server.url, mallory.token);
    // It comes after the dropped calls of the same person, which would have had their turn first.
    await again.messages.search.query({ query: 'hello' });
    expect(started).toBe(LIMITS.readsAtOnce + 1);
  });

  test('the sends of one person are bounded too; those over the bound are refused as retryable', async () => {
    gate = Promise.withResolvers();
    const mallory = await server.enter('Mallory');
    const { id: roomId } = await httpClient(server.url, mallory.token).rooms.create.mutate({ name: 'Cave' });
    const sockets = await Promise.all([1, 2].map(() => openRawSocket(server.url, { token: mallory.token })));
    const count = 500;
    for (const socket of sockets) {
      socket.send(
        JSON.stringify(
          calls(count, 'mutation', 'messages.send', () => ({ roomId, clientId: randomUUID(), text: 'hi' })),
        ),
      );
    }
    let kept = 0;
    for (const socket of sockets) {
      for (let i = 0; i < count; i += 1) {
        const { error } = await socket.next();
        if (error) expect(error.data).toMatchObject({ reason: 'too_many_calls', retryable: true });
        else kept += 1;
      }
      await socket[Symbol.asyncDispose]();
    }
    const page = await httpClient(server.url, mallory.token).messages.list.query({ roomId, limit: 1 });
    expect(page.items[0]?.seq).toBe(kept);
  });
});

describe('of one person, only a few run at a time:', () => {
  let server: LiveServer;
  let running = 0;
  let most = 0;
  /** Counts how many calls of a store's method run at a time. */
  const counted =
    <A extends unknown[], R>(method: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      running += 1;
      most = Math.max(most, running);
      try {
        // A call that ended in its own tick would never run beside another.
        await new Promise(setImmediate);
        return await method(...args);
      } finally {
        running -= 1;
      }
    };
  beforeAll(async () => {
    server = await openServer({
      alter: ({ listSpokenByTime, changesAfter }) => ({
        listSpokenByTime: counted(listSpokenByTime),
        changesAfter: counted(changesAfter),
      }),
    });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const pagesOf = async (roomId: string, token: string) => {
    const response = await fetch(`${server.url}/api/rooms/${roomId}/transcript.txt`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(response.status).toBe(200);
    return response.text();
  };

  test('the pages of exports', async () => {
    const roomId = await addLongRoom(server.store, 400);
    const { token } = await server.enter('Mallory');
    await httpClient(server.url, token).rooms.join.mutate({ roomId });
    most = 0;
    const texts = await Promise.all(upTo(12).map(() => pagesOf(roomId, token)));
    expect(new Set(texts).size).toBe(1);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(LIMITS.readsAtOnce);
  });

  test('the pages of replays, and each replay is whole', async () => {
    const changes = 1_200;
    const roomId = await addLongRoom(server.store, changes);
    const { token } = await server.enter('Mallory');
    await httpClient(server.url, token).rooms.join.mutate({ roomId });
    most = 0;
    await using socket = await openRawSocket(server.url, { token });
    const live = () => ({ roomId, lastEventId: '0' });
    socket.send(JSON.stringify(calls(12, 'subscription', 'messages.live', live)));
    const revs = new Map<unknown, number[]>();
    for (let seen = 0; seen < 12 * changes; ) {
      const { id, result } = (await socket.next()) as { id: number; result: LiveResult };
      if (result.data?.data.type !== 'message') continue;
      seen += 1;
      revs.set(id, [...(revs.get(id) ?? []), result.data.data.rev]);
    }
    for (const list of revs.values()) expect(list).toEqual(upTo(changes));
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(2);
  });
});

type LiveResult = { data?: { data: { type: string; rev: number } } };
