import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { CLOSE } from '../../contract/close.ts';
import { LIMITS } from '../../contract/limits.ts';
import type { User } from '../../contract/types.ts';
import { append, typed, upTo } from '../../db/testing/material.ts';
import { type Client, httpClient, socketClient } from '../../testing/clients.ts';
import { type LiveServer, openServer } from '../../testing/liveServer.ts';

const LONG = '가'.repeat(LIMITS.textLength);
/** So many long messages do not fit into the kernel buffers of both ends. */
const MANY = 1_500;

let server: LiveServer;
let pagesRead: number;
let ada: User;
let token: string;
let trpc: Client;
let roomId: string;
beforeEach(async () => {
  pagesRead = 0;
  server = await openServer({
    alter: (store) => ({
      async changesAfter(...args) {
        pagesRead += 1;
        return store.changesAfter(...args);
      },
    }),
  });
  ({ token, user: ada } = await server.enter('Ada'));
  trpc = httpClient(server.url, token);
  roomId = (await trpc.rooms.create.mutate({ name: 'Hall' })).id;
});
afterEach(() => server[Symbol.asyncDispose]());

/** Opens a subscription on a socket whose reading the test can pause, and collects its revs. */
async function subscribe(lastEventId?: string) {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/trpc`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const revs: number[] = [];
  let cursor = lastEventId;
  socket.on('message', (data) => {
    if (data.toString() === 'PING') return socket.send('PONG');
    const { result } = JSON.parse(data.toString());
    if (result?.type !== 'data') return;
    cursor = result.id;
    if (result.data.data.type === 'message') revs.push(result.data.data.rev);
  });
  const closed = once(socket, 'close').then(([code]) => code as number);
  await once(socket, 'open');
  const params = { path: 'messages.live', input: { roomId, lastEventId } };
  socket.send(JSON.stringify({ id: 1, method: 'subscription', params }));
  return { socket, revs, closed, cursor: () => cursor };
}

describe('a client that stops reading', () => {
  test('is cut with a code that makes it come back, and then gets the rest; others notice nothing', async () => {
    const slow = await subscribe('0');
    const other = await subscribe('0');
    await vi.waitFor(() => expect([slow.cursor(), other.cursor()]).toEqual(['0', '0']));
    slow.socket.pause();
    const serverCloses = vi.spyOn(WebSocket.prototype, 'close');
    let sent = 0;
    while (serverCloses.mock.calls.length === 0) {
      await Promise.all(upTo(50).map(() => say(LONG)));
      sent += 50;
      await vi.waitFor(() => expect(other.revs.length).toBe(sent));
    }
    serverCloses.mockRestore();
    slow.socket.resume();
    expect(await slow.closed).toBe(CLOSE.tooSlow);
    expect(slow.revs.length).toBeLessThan(sent);
    expect(slow.revs).toEqual(upTo(slow.revs.length));

    const again = await subscribe(slow.cursor());
    await vi.waitFor(() => expect(again.revs.at(-1)).toBe(sent), 20_000);
    expect([...slow.revs, ...again.revs]).toEqual(upTo(sent));
    expect(other.revs).toEqual(upTo(sent));
    again.socket.close();
    other.socket.close();
  });

  test('during its replay makes the replay wait: the store is read no further ahead than the client', async () => {
    for (const _ of upTo(15))
      await append(
        server.store,
        upTo(100).map(() => typed(roomId, ada, { text: LONG })),
      );
    const slow = await subscribe('0');
    slow.socket.pause();
    await vi.waitFor(() => expect(pagesRead).toBeGreaterThan(0));
    await trpc.rooms.get.query({ roomId });
    const other = await subscribe('0');
    await vi.waitFor(() => expect(other.revs.length).toBe(MANY), 20_000);
    // The other client has read all 15 pages. The slow one has read as many as fit into the buffers.
    expect(pagesRead).toBeLessThan(2 * 15);
    slow.socket.resume();
    await vi.waitFor(() => expect(slow.revs.length).toBe(MANY), 20_000);
    expect(slow.revs).toEqual(upTo(MANY));
    expect(slow.socket.readyState).toBe(WebSocket.OPEN);
    slow.socket.close();
    other.socket.close();
  });
});

test('a crowd that comes back at once, each with its own cursor, is served from memory while messages go on', async () => {
  const known = 100;
  const total = 200;
  const first = await subscribe('0');
  await vi.waitFor(() => expect(first.cursor()).toBe('0'));
  for (const i of upTo(known)) await say(`m${i}`);
  const pagesBefore = pagesRead;
  const sending = (async () => {
    for (let i = known + 1; i <= total; i += 1) await say(`m${i}`);
  })();
  const cursors = upTo(100);
  const crowd = await Promise.all(
    cursors.map(async (cursor) => {
      const guest = await server.enter('Guest');
      await server.store.addMember(roomId, guest.user.id, new Date());
      const client = socketClient(server.url, guest.token);
      const revs: number[] = [];
      client.trpc.messages.live.subscribe(
        { roomId, lastEventId: String(cursor) },
        { onData: ({ data }) => data.type === 'message' && revs.push(data.rev) },
      );
      return { client, revs };
    }),
  );
  await sending;
  for (const [i, { client, revs }] of crowd.entries()) {
    await vi.waitFor(() => expect(revs.at(-1)).toBe(total), 10_000);
    expect(revs).toEqual(upTo(total).slice(cursors[i]));
    await client.close();
  }
  expect(pagesRead).toBe(pagesBefore);
  first.socket.close();
});

function say(text: string) {
  return trpc.messages.send.mutate({ roomId, clientId: crypto.randomUUID(), text });
}
