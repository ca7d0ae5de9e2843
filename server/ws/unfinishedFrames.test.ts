import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { LIMITS } from '../../contract/limits.ts';
import { upTo } from '../../db/testing/material.ts';
import { type LiveServer, openServer } from '../../testing/liveServer.ts';

const FRAME = 100_000;
/** So many begun frames are more than strangers may hold. */
const MANY = Math.ceil((2 * LIMITS.strangersUnfinishedBytes) / FRAME);

/** The header of a masked text frame of `FRAME` bytes (RFC 6455, section 5.2). */
const HEADER = Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 1, 0x86, 0xa0, 0, 0, 0, 0]);

let server: LiveServer;
let token: string;
beforeAll(async () => {
  server = await openServer();
  ({ token } = await server.enter('Ada'));
});
afterAll(() => server[Symbol.asyncDispose]());

async function open(session?: string) {
  const headers = session ? { authorization: `Bearer ${session}` } : {};
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/trpc`, { headers });
  socket.on('error', () => {});
  await once(socket, 'open');
  return socket;
}

/** `ws` itself cannot send half a frame. */
const connectionOf = (socket: WebSocket) => (socket as unknown as { _socket: Socket })._socket;

/** @returns the answer to a call, or undefined if the socket is closed. */
async function ask(socket: WebSocket): Promise<string | undefined> {
  if (socket.readyState !== WebSocket.OPEN) return undefined;
  socket.send(JSON.stringify({ id: 1, method: 'query', params: { path: 'session.me' } }));
  const answer = await Promise.race([once(socket, 'message'), once(socket, 'close')]);
  return answer[0] instanceof Buffer ? answer[0].toString() : undefined;
}

describe('frames that are begun and never finished', () => {
  test('of strangers are bounded together; those with a session, and strangers who finish, are served', async () => {
    const ada = await open(token);
    expect(await ask(ada)).toContain('Ada');
    const idle = await open();
    const begun = await Promise.all(upTo(MANY).map(() => open()));
    let closed = 0;
    for (const socket of begun) {
      socket.once('close', () => {
        closed += 1;
      });
    }
    for (const socket of begun) {
      connectionOf(socket).write(HEADER);
      connectionOf(socket).write(Buffer.alloc(FRAME - 1));
    }
    const fit = Math.floor(LIMITS.strangersUnfinishedBytes / FRAME);
    await vi.waitFor(() => expect(closed).toBeGreaterThanOrEqual(MANY - fit), 20_000);
    // Those that are left are finished now, and get an answer.
    const finished = await Promise.all(
      begun.map(async (socket) => {
        if (socket.readyState !== WebSocket.OPEN) return false;
        const end = Promise.race([once(socket, 'message'), once(socket, 'close')]);
        connectionOf(socket).write(Buffer.alloc(1));
        return (await end)[0] instanceof Buffer;
      }),
    );
    const served = finished.filter((isServed) => isServed).length;
    expect(served).toBeGreaterThan(0);
    expect(closed).toBe(MANY - served);
    expect(await ask(idle)).toContain('"user":null');
    expect(await ask(ada)).toContain('Ada');
    for (const socket of [...begun, idle, ada]) socket.terminate();
  });

  test('of a person with a session do not count as those of strangers', async () => {
    const ada = await open(token);
    expect(await ask(ada)).toContain('Ada');
    const others = await Promise.all(upTo(8).map(() => open(token)));
    for (const socket of others) {
      expect(await ask(socket)).toContain('Ada');
      connectionOf(socket).write(HEADER);
      connectionOf(socket).write(Buffer.alloc(FRAME - 1));
    }
    expect(await ask(ada)).toContain('Ada');
    expect(others.every(({ readyState }) => readyState === WebSocket.OPEN)).toBe(true);
    for (const socket of [...others, ada]) socket.terminate();
  });

  test('are let go when they are finished: a stranger may send any number of whole frames', async () => {
    const socket = await open();
    const long = JSON.stringify({ id: 2, method: 'query', params: { path: 'x'.repeat(FRAME) } });
    let answered = 0;
    socket.on('message', () => {
      answered += 1;
    });
    for (const _ of upTo(2 * MANY)) {
      socket.ping('ping');
      socket.send(long);
    }
    while (answered < 2 * MANY) await once(socket, 'message');
    expect(await ask(socket)).toContain('"user":null');
    socket.terminate();
  });
});
