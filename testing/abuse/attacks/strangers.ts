import { randomBytes } from 'node:crypto';
import { upTo } from '../../../db/testing/material.ts';
import { type Attack, type Target, THOUSAND_CONNECTIONS_MIB } from '../attack.ts';
import { call, calls } from '../frames.ts';
import {
  ended,
  flood,
  openConnection,
  openDeafSocket,
  openSocket,
  pause,
  postHead,
  repeat,
  repeatFrames,
  sendOverEach,
} from '../wire.ts';

/** A masked text frame that announces 100,000 bytes, without them (RFC 6455, section 5.2). */
const BEGUN_FRAME = Buffer.from([0x01, 0xff, 0, 0, 0, 0, 0, 1, 0x86, 0xa0, 0, 0, 0, 0]);

/** Sends frames over a socket that reads nothing, and over a new one when it is cut. */
function deafFlood({ url, signal }: Target, frame: () => string): Promise<void> {
  return repeat(signal, async () => {
    const socket = await openDeafSocket(url);
    await flood(socket, signal, () => {
      for (const _ of upTo(200)) socket.send(frame());
    });
  });
}

/** Opens connections and sends a text over each byte by byte. A connection that the server ends is replaced. */
async function drip({ url, signal }: Target, connections: number, head: string, rest: string): Promise<void> {
  const dripOnce = () =>
    repeat(signal, async () => {
      const connection = await openConnection(url);
      connection.resume().write(head);
      for (const byte of rest) {
        if (signal.aborted || connection.destroyed) break;
        connection.write(byte);
        await pause(200, signal);
      }
      connection.destroy();
    });
  await Promise.all(upTo(connections).map(dripOnce));
}

/** Sends the beginning of a text over many connections, and nothing more. */
async function beginMany(target: Target, connections: number, text: string): Promise<void> {
  const opened = await Promise.all(upTo(connections).map(() => openConnection(target.url)));
  await sendOverEach(opened, Buffer.from(text), target.signal);
  await ended(target.signal);
  for (const connection of opened) connection.destroy();
}

const malformed = [
  '{"id":',
  '[]',
  '{}',
  'null',
  '7',
  `[${'['.repeat(50_000)}`,
  JSON.stringify({ id: 1, method: 'x' }),
  JSON.stringify({ id: {}, method: 'query', params: { path: 'session.me' } }),
];

/** Attacks of those who have not said who they are. */
export const strangerAttacks: Attack[] = [
  { name: 'PING, never read', person: 'nobody', run: (target) => deafFlood(target, () => 'PING') },
  {
    name: 'protocol pings, never read',
    person: 'nobody',
    run: ({ url, signal }) =>
      repeat(signal, async () => {
        const socket = await openDeafSocket(url);
        await flood(socket, signal, () => {
          for (const _ of upTo(200)) socket.ping();
        });
      }),
  },
  {
    name: 'unknown calls with long paths, never read',
    person: 'nobody',
    run: (target) => deafFlood(target, () => JSON.stringify(call(1, 'query', 'x'.repeat(10_000), {}))),
  },
  {
    name: 'malformed frames',
    person: 'nobody',
    async run(target) {
      let i = 0;
      const frame = () =>
        ++i % 10 === 0 ? randomBytes(10_000) : (malformed[i % malformed.length] as string);
      await repeatFrames(target, { sockets: 32, everyMs: 2, frame });
    },
  },
  {
    name: 'invalid inputs',
    person: 'user',
    async run(target) {
      const frame = JSON.stringify(
        calls(400, 'mutation', 'messages.send', () => ({ roomId: '', clientId: 'x', text: 7, mentions: {} })),
      );
      await repeatFrames(target, { sockets: 8, everyMs: 250, frame: () => frame });
    },
  },
  {
    name: 'guests without end',
    person: 'nobody',
    async run(target) {
      const frame = JSON.stringify(calls(100, 'mutation', 'session.guest', (i) => ({ name: `Guest ${i}` })));
      await repeatFrames(target, { sockets: 8, everyMs: 250, frame: () => frame });
    },
  },
  {
    name: 'HTTP batches with large bodies',
    person: 'nobody',
    async run({ url, signal }) {
      const path = Array(100).fill('session.guest').join(',');
      const input = { name: 'x'.repeat(2_500) };
      const body = JSON.stringify(Object.fromEntries(Array(100).fill(input).entries()));
      const headers = { 'content-type': 'application/json' };
      const ask = async () => {
        const response = await fetch(`${url}/trpc/${path}?batch=1`, {
          method: 'POST',
          headers,
          body,
          signal,
        });
        await response.arrayBuffer();
      };
      await Promise.all(upTo(32).map(() => repeat(signal, ask)));
    },
  },
  {
    name: 'frames in fragments of one byte',
    person: 'nobody',
    run: ({ url, signal }) =>
      repeat(signal, async () => {
        const socket = await openDeafSocket(url);
        await flood(socket, signal, () => {
          for (const _ of upTo(200)) socket.send('x', { fin: false });
        });
      }),
  },
  {
    name: '1,000 frames of 100 KB, never finished',
    person: 'nobody',
    boundMiB: THOUSAND_CONNECTIONS_MIB,
    async run({ url, signal }) {
      const sockets = await Promise.all(upTo(1_000).map(() => openSocket(url)));
      // `ws` has no way to send half a frame.
      const connections = sockets.map(
        (socket) => (socket as unknown as { _socket: NodeJS.WritableStream })._socket,
      );
      await sendOverEach(connections, BEGUN_FRAME, signal);
      for (const _ of upTo(11)) await sendOverEach(connections, Buffer.alloc(9_000), signal);
      await ended(signal);
      for (const socket of sockets) socket.terminate();
    },
  },
  {
    name: 'anonymous sockets by the thousand',
    person: 'nobody',
    boundMiB: 200,
    async run({ url, signal }) {
      const open = new Set<Awaited<ReturnType<typeof openSocket>>>();
      const more = () =>
        repeat(signal, async () => {
          const socket = await openSocket(url);
          open.add(socket);
          socket.once('close', () => open.delete(socket));
        });
      await Promise.all(upTo(20).map(more));
      for (const socket of open) socket.terminate();
    },
  },
  {
    name: 'heads byte by byte',
    person: 'nobody',
    boundMiB: THOUSAND_CONNECTIONS_MIB,
    run: (target) => drip(target, 1_000, 'GET / HTTP/1.1\r\nHost: localhost\r\nX-Pad: ', 'x'.repeat(1_000)),
  },
  {
    name: '1,000 bodies of 255 KB, never finished',
    person: 'nobody',
    boundMiB: THOUSAND_CONNECTIONS_MIB,
    run: (target) =>
      beginMany(
        target,
        1_000,
        `${postHead(target, '/trpc/session.guest', 255_001)}{"name":"${'x'.repeat(254_000)}`,
      ),
  },
  {
    name: 'bodies byte by byte',
    person: 'nobody',
    boundMiB: THOUSAND_CONNECTIONS_MIB,
    run: (target) =>
      drip(target, 1_000, postHead(target, '/trpc/session.guest', 1_000), `{"name":"${'x'.repeat(900)}`),
  },
];
