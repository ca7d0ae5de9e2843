import type { Socket } from 'node:net';
import { upTo } from '../../../db/testing/material.ts';
import { type Attack, type Target, THOUSAND_CONNECTIONS_MIB } from '../attack.ts';
import { call, calls } from '../frames.ts';
import { ended, flood, getRequest, openConnection, openDeafSocket, pause, post, repeat } from '../wire.ts';

const page = (roomId: string) => `/api/rooms/${roomId}/messages?limit=200`;

/** Sends the same text over many connections, none of which is read. */
async function sendDeaf({ url, signal }: Target, connections: number, text: string): Promise<void> {
  const opened = await Promise.all(upTo(connections).map(() => openConnection(url)));
  for (const connection of opened) connection.write(text);
  await ended(signal);
  for (const connection of opened) connection.destroy();
}

/** Reads some bytes every now and then. */
async function readSlowly(connection: Socket, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && !connection.destroyed) {
    connection.read(1_024);
    await pause(100, signal);
  }
  connection.destroy();
}

/** Asks over eight sockets, and over new ones when these are cut, and reads no answer. */
async function askDeaf({ url, token, signal }: Target, ask: (id: number) => object): Promise<void> {
  const askOnce = () =>
    repeat(signal, async () => {
      const socket = await openDeafSocket(url, token);
      let id = 0;
      await flood(socket, signal, () => {
        if (id < 400) socket.send(JSON.stringify(ask(++id)));
      });
    });
  await Promise.all(upTo(8).map(askOnce));
}

/** Answers that nobody reads. The server must not keep them. */
export const unreadAttacks: Attack[] = [
  {
    name: 'pages over sockets, never read',
    person: 'user',
    run: (target) =>
      askDeaf(target, (id) => call(id, 'query', 'messages.list', { roomId: target.largeRoomId, limit: 200 })),
  },
  {
    name: 'found messages, never read',
    person: 'user',
    run: (target) =>
      askDeaf(target, (id) =>
        call(id, 'query', 'messages.search', { query: '가', roomId: target.largeRoomId, limit: 200 }),
      ),
  },
  {
    name: 'pages pipelined over HTTP, never read',
    person: 'user',
    run: (target) => sendDeaf(target, 60, getRequest(target, page(target.largeRoomId)).repeat(20)),
  },
  {
    name: 'pages over 1,000 connections, never read',
    person: 'user',
    boundMiB: THOUSAND_CONNECTIONS_MIB,
    run: (target) => sendDeaf(target, 1_000, getRequest(target, page(target.largeRoomId))),
  },
  {
    name: 'pages over HTTP, read slowly',
    person: 'user',
    async run(target) {
      const connections = await Promise.all(upTo(100).map(() => openConnection(target.url)));
      for (const connection of connections) {
        connection.write(getRequest(target, page(target.largeRoomId)).repeat(4));
      }
      await Promise.all(connections.map((connection) => readSlowly(connection, target.signal)));
    },
  },
  {
    name: 'exports, never read',
    person: 'user',
    run: (target) =>
      sendDeaf(target, 60, getRequest(target, `/api/rooms/${target.longRoomId}/transcript.json`)),
  },
  {
    name: 'server-sent events, never read',
    person: 'user',
    async run(target) {
      const { url, token, busyRoomId: roomId, signal } = target;
      const input = encodeURIComponent(JSON.stringify({ roomId }));
      const deaf = sendDeaf(target, 100, getRequest(target, `/trpc/messages.live?input=${input}`));
      await repeat(signal, () => post(url, 'messages.typing', { roomId, typing: true }, token));
      await deaf;
    },
  },
  {
    name: 'subscriptions with ids of 100 KB',
    person: 'user',
    async run({ url, token, busyRoomId: roomId, signal }) {
      const socket = await openDeafSocket(url, token);
      for (const i of upTo(256)) {
        const id = String(i).padEnd(100_000, 'x');
        socket.send(JSON.stringify(call(id, 'subscription', 'messages.live', { roomId })));
      }
      await repeat(signal, () => post(url, 'messages.typing', { roomId, typing: true }, token));
      socket.terminate();
    },
  },
  {
    name: 'events of 256 subscriptions, never read',
    person: 'user',
    async run({ url, token, busyRoomId: roomId, signal }) {
      const frame = JSON.stringify(calls(8, 'subscription', 'messages.live', () => ({ roomId })));
      const sockets = await Promise.all(
        upTo(32).map(() => openDeafSocket(url, token).catch(() => undefined)),
      );
      for (const socket of sockets) socket?.send(frame);
      await repeat(signal, () => post(url, 'messages.typing', { roomId, typing: true }, token));
      for (const socket of sockets) socket?.terminate();
    },
  },
];
