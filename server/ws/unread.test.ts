import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { LIMITS } from '../../contract/limits.ts';
import { upTo } from '../../db/testing/material.ts';
import { httpClient } from '../../testing/clients.ts';
import { type LiveServer, openServer } from '../../testing/liveServer.ts';
import { openRawSocket } from '../../testing/rawSocket.ts';
import { ClientSocket } from './clientSocket.ts';
import { FrameRate } from './frameRate.ts';

const address = (url: string) => `${url.replace('http', 'ws')}/trpc`;

describe('pages that are asked for and never read', () => {
  const ASKED = 200;
  let pagesRead: number;
  let server: LiveServer;
  let token: string;
  let roomId: string;
  beforeEach(async () => {
    pagesRead = 0;
    server = await openServer({
      alter: (store) => ({
        async listMessages(...args) {
          pagesRead += 1;
          return store.listMessages(...args);
        },
      }),
    });
    ({ token } = await server.enter('Ada'));
    const trpc = httpClient(server.url, token);
    roomId = (await trpc.rooms.create.mutate({ name: 'Hall' })).id;
    for (const _ of upTo(20)) {
      const clientId = crypto.randomUUID();
      await trpc.messages.send.mutate({ roomId, clientId, text: '가'.repeat(LIMITS.textLength) });
    }
  });
  afterEach(() => server[Symbol.asyncDispose]());

  const open = async () => {
    const socket = new WebSocket(address(server.url), { headers: { authorization: `Bearer ${token}` } });
    let answered = 0;
    socket.on('message', (data) => {
      if (data.toString() === 'PING') socket.send('PONG');
      else answered += 1;
    });
    await once(socket, 'open');
    const ask = (id: number) => ({
      id,
      method: 'query',
      params: { path: 'messages.list', input: { roomId } },
    });
    return { socket, answered: () => answered, ask: () => socket.send(JSON.stringify(upTo(ASKED).map(ask))) };
  };

  test('are not made before the client reads; then each is answered', async () => {
    const { socket, answered, ask } = await open();
    socket.pause();
    ask();
    await vi.waitFor(() => expect(pagesRead).toBeGreaterThan(0));
    // Another user's calls pass while the pages wait.
    await using other = await openRawSocket(server.url, { token: (await server.enter('Ben')).token });
    for (const id of upTo(20)) {
      other.send(JSON.stringify({ id, method: 'query', params: { path: 'session.me' } }));
      expect(await other.next()).toMatchObject({ id });
    }
    // The buffers of both kernels hold some megabytes; 200 pages are 48.
    expect(pagesRead).toBeLessThan(ASKED / 2);
    socket.resume();
    await vi.waitFor(() => expect(answered()).toBe(ASKED), 20_000);
    socket.close();
    await once(socket, 'close');
  });

  test('count for all sockets of a user together', async () => {
    const sockets = await Promise.all(upTo(10).map(open));
    for (const { socket, ask } of sockets) {
      socket.pause();
      ask();
    }
    await vi.waitFor(() => expect(pagesRead).toBeGreaterThan(LIMITS.readsAtOnce));
    for (const { socket } of sockets) socket.terminate();
    // Nobody waits for a socket that is gone.
    const { socket, answered, ask } = await open();
    ask();
    await vi.waitFor(() => expect(answered()).toBe(ASKED), 20_000);
    socket.close();
    await once(socket, 'close');
  });
});

describe('a socket that sends and never reads', () => {
  /** A server's socket whose client has stopped reading, with what it holds. */
  async function openStuck(rate?: FrameRate) {
    const wss = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(wss, 'listening');
    const { port } = wss.address() as { port: number };
    const client = new WebSocket(`ws://127.0.0.1:${port}`);
    const connected = once(wss, 'connection') as Promise<[WebSocket, { socket: Duplex }]>;
    await once(client, 'open');
    client.pause();
    const [ws, { socket: connection }] = await connected;
    const socket = new ClientSocket(ws, connection, rate);
    const close = async () => {
      client.terminate();
      ws.terminate();
      await new Promise((resolve) => wss.close(resolve));
    };
    return { socket, ws, connection, close };
  }

  test('gets one answer to all pings that came while it did not read', async () => {
    const { socket, connection, close } = await openStuck();
    socket.answer('x'.repeat(8 * 1024 * 1024));
    const before = connection.writableLength;
    for (const _ of upTo(100_000)) socket.pong();
    expect(connection.writableLength - before).toBeLessThan(100);
    await close();
  });

  test('is paused by its answers, and cut when they are far too many', async () => {
    const { socket, ws, connection, close } = await openStuck();
    while (!socket.isFull) socket.answer('x'.repeat(10_000));
    expect(ws.isPaused).toBe(true);
    for (const _ of upTo(2_000)) socket.answer('x'.repeat(10_000));
    expect(ws.readyState).toBe(WebSocket.CLOSING);
    expect(connection.writableLength).toBeLessThan(2 * LIMITS.unreadAnswerBytesMax);
    await close();
  });

  test('is cut by small events as soon as by long ones: what Node holds for each counts', async () => {
    const { socket, ws, connection, close } = await openStuck();
    socket.write(Buffer.alloc(16 * 1024 * 1024));
    await vi.waitFor(() => expect(connection.writableLength).toBeGreaterThan(0));
    const small = Buffer.alloc(10);
    const writes = upTo(10_000).filter(() => {
      socket.write(small);
      return ws.readyState === WebSocket.OPEN;
    });
    expect(writes.length).toBeLessThan(LIMITS.unreadEventBytes / 256);
    await close();
  });

  test('is read later if it sends too many messages', async () => {
    const { socket, ws, close } = await openStuck(new FrameRate());
    socket.count(2_000);
    expect(ws.isPaused).toBe(false);
    socket.count(100);
    expect(ws.isPaused).toBe(true);
    await vi.waitFor(() => expect(ws.isPaused).toBe(false), 5_000);
    await close();
  });
});

describe('an id', () => {
  test.each([
    ['of 64 bytes', 'x'.repeat(64), true],
    ['of 64 bytes of Hangul', `${'가'.repeat(21)}x`, true],
    ['a number', 1e300, true],
    ['of 65 bytes', 'x'.repeat(65), false],
    ['of 100 kB', 'x'.repeat(100_000), false],
    ['of 66 bytes of Hangul', '가'.repeat(22), false],
  ])('%s', async (_, id, isTaken) => {
    await using server = await openServer();
    await using socket = await openRawSocket(server.url);
    for (const method of ['query', 'mutation', 'subscription']) {
      socket.send(JSON.stringify({ id, method, params: { path: 'session.me' } }));
      const answer = await socket.next();
      expect(answer.id).toBe(isTaken ? id : null);
      expect(JSON.stringify(answer).length).toBeLessThan(600);
    }
  });
});
