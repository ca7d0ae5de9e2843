import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { upTo } from '../../db/testing/material.ts';
import { httpClient } from '../clients.ts';

/** The server under attack, and a room whose newest page is about 2.4 MB. */
export type Target = { url: string; token: string; roomId: string };

/** Makes one client's load, for about `forMs`, and then closes its connections. */
export type Attack = { name: string; run: (target: Target, forMs: number) => Promise<void> };

/** Opens a socket that reads nothing. */
async function openDeaf(url: string, token?: string): Promise<WebSocket> {
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const socket = new WebSocket(`${url.replace('http', 'ws')}/trpc`, { headers });
  socket.on('error', () => {});
  await once(socket, 'open');
  socket.pause();
  return socket;
}

/** Sends while the socket is open, no faster than the kernel takes it. */
async function flood(socket: WebSocket, forMs: number, sendSome: () => void): Promise<void> {
  const until = performance.now() + forMs;
  while (performance.now() < until && socket.readyState === WebSocket.OPEN) {
    if (socket.bufferedAmount < 1024 * 1024) sendSome();
    await sleep(1);
  }
  await sleep(Math.max(0, until - performance.now()));
  socket.terminate();
}

const call = (id: unknown, method: string, path: string, input: unknown) =>
  JSON.stringify({ id, method, params: { path, input } });

const page = (id: number, roomId: string) => call(id, 'query', 'messages.list', { roomId, limit: 200 });

async function floodWith(target: Target, forMs: number, makeFrame: () => string, token?: string) {
  const socket = await openDeaf(target.url, token);
  await flood(socket, forMs, () => {
    for (const _ of upTo(200)) socket.send(makeFrame());
  });
}

/** Memory: each of these grew the server without bound, or by far more than 20 MB. */
export const memoryAttacks: Attack[] = [
  { name: 'PING and never read', run: (target, forMs) => floodWith(target, forMs, () => 'PING') },
  {
    name: 'protocol pings and never read',
    async run({ url }, forMs) {
      const socket = await openDeaf(url);
      await flood(socket, forMs, () => {
        for (const _ of upTo(200)) socket.ping();
      });
    },
  },
  {
    name: 'unknown calls with long paths, nothing read',
    run: (target, forMs) => floodWith(target, forMs, () => call(1, 'query', 'x'.repeat(10_000), {})),
  },
  {
    name: 'pages over sockets, nothing read',
    async run({ url, token, roomId }, forMs) {
      const sockets = await Promise.all(upTo(8).map(() => openDeaf(url, token)));
      await Promise.all(
        sockets.map((socket) => {
          let id = 0;
          return flood(socket, forMs, () => {
            if (id < 200) socket.send(page(++id, roomId));
          });
        }),
      );
    },
  },
  {
    name: 'pages over HTTP, nothing read',
    async run({ url, token, roomId }, forMs) {
      const { host, port } = new URL(url);
      const request = `GET /api/rooms/${roomId}/messages?limit=200 HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\n\r\n`;
      const sockets = upTo(60).map(() => connect(Number(port), '127.0.0.1').pause());
      for (const socket of sockets) socket.on('error', () => {}).write(request.repeat(20));
      await sleep(forMs);
      for (const socket of sockets) socket.destroy();
    },
  },
  {
    name: 'subscriptions with ids of 100 KB, and typing',
    async run({ url, token, roomId }, forMs) {
      const socket = await openDeaf(url, token);
      for (const i of upTo(256)) {
        socket.send(call(`${i}`.padEnd(100_000, 'x'), 'subscription', 'messages.live', { roomId }));
      }
      const trpc = httpClient(url, token);
      const until = performance.now() + forMs;
      while (performance.now() < until) await trpc.messages.typing.mutate({ roomId, typing: true });
      socket.terminate();
    },
  },
  {
    name: 'a frame in fragments of one byte',
    async run({ url }, forMs) {
      const socket = await openDeaf(url);
      await flood(socket, forMs, () => {
        for (const _ of upTo(200)) socket.send('x', { fin: false });
      });
    },
  },
];
