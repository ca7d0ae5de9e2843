import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { LIMITS } from '../../contract/limits.ts';
import { upTo } from '../../db/testing/material.ts';
import { type LiveServer, openServer } from '../../testing/liveServer.ts';
import { joinPieces } from './boundBodies.ts';

const BODY = 200_000;

let server: LiveServer;
beforeAll(async () => {
  server = await openServer();
});
afterAll(() => server[Symbol.asyncDispose]());

/** Begins a request and sends all of its body but the end. */
async function begin(
  path: string,
  length: string,
  token?: string,
): Promise<{ socket: Socket; answer: () => string }> {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  let answer = '';
  socket.on('error', () => {});
  socket.on('data', (part) => {
    answer += part.toString();
  });
  await once(socket, 'connect');
  const session = token ? `Authorization: Bearer ${token}\r\n` : '';
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\n${session}Content-Type: application/json\r\n${length}\r\n\r\n`,
  );
  return { socket, answer: () => answer };
}

const ENTER = JSON.stringify({ name: 'Ben' });
const ROOM = JSON.stringify({ name: 'Hall' });

test.each([
  ['of strangers', '/trpc/session.guest', `Content-Length: ${BODY}`, false],
  ['of strangers, in chunks', '/trpc/session.guest', 'Transfer-Encoding: chunked', false],
  ['of one person', '/trpc/rooms.create', `Content-Length: ${BODY}`, true],
  ['of one person, over REST', '/api/rooms', `Content-Length: ${BODY}`, true],
])('large bodies %s that are not finished are bounded together', async (_, path, length, isPerson) => {
  const { token } = await server.enter('Ada');
  const own = isPerson ? token : undefined;
  const limit = isPerson ? LIMITS.bodyBytesPerUser : LIMITS.strangersBodyBytes;
  const fit = Math.floor(limit / BODY);
  const begun = await Promise.all(upTo(3 * fit).map(() => begin(path, length, own)));
  const refused = () => begun.filter(({ answer }) => answer().includes(' 429 '));
  await vi.waitFor(() => expect(refused().length).toBeGreaterThanOrEqual(2 * fit), 20_000);
  for (const { answer } of refused()) {
    expect(answer()).toMatch(/connection: close/i);
    expect(answer()).toContain('too_many_calls');
  }
  expect(begun.length - refused().length).toBeGreaterThan(0);
  // Everybody else is served meanwhile, and so is a short body.
  const other = isPerson ? undefined : token;
  const [otherPath, otherBody] = isPerson ? ['/trpc/session.guest', ENTER] : ['/trpc/rooms.create', ROOM];
  expect((await post(otherPath, otherBody.padEnd(BODY), other)).status).toBe(200);
  expect((await post(path, isPerson ? ROOM : ENTER, own)).ok).toBe(true);
  for (const { socket } of begun) socket.destroy();
  // The places are free again when the connections are gone.
  const body = (isPerson ? ROOM : ENTER).padEnd(BODY);
  await vi.waitFor(async () => expect((await post(path, body, own)).ok).toBe(true), 20_000);
});

test.each([
  [
    'of a known length',
    (body: string) => ({ length: `Content-Length: ${body.length}`, frame: (part: string) => part }),
  ],
  [
    'in chunks',
    () => ({
      length: 'Transfer-Encoding: chunked',
      frame: (part: string) => `${part.length.toString(16)}\r\n${part}\r\n`,
    }),
  ],
])('a body %s is read whole in whatever pieces it comes', async (_, shape) => {
  const { token } = await server.enter('Ada');
  // Longer than what is joined, and with a length that no piece divides.
  for (const bytes of [1, 16_384, 16_385, 40_001]) {
    const name = `Hall ${bytes}`;
    const body = JSON.stringify({ name }).padEnd(bytes);
    const { length, frame } = shape(body);
    for (const pieceBytes of [1_000, 7_919, 16_384, body.length]) {
      const { socket, answer } = await begin('/trpc/rooms.create', length, token);
      socket.setNoDelay();
      for (let from = 0; from < body.length; from += pieceBytes) {
        socket.write(frame(body.slice(from, from + pieceBytes)));
        await new Promise(setImmediate);
      }
      if (length.startsWith('Transfer')) socket.write('0\r\n\r\n');
      await vi.waitFor(() => expect(answer()).toContain(`"name":"${name}"`), 5_000);
      socket.destroy();
    }
  }
});

test('a body that comes byte by byte reaches its reader in few pieces', async () => {
  const incoming = new Readable({ read() {} }) as Readable & IncomingMessage;
  joinPieces(incoming, 20_000);
  for (const _ of upTo(20_000)) incoming.push(Buffer.from('x'));
  incoming.push(null);
  const pieces: Buffer[] = [];
  for await (const piece of incoming) pieces.push(piece as Buffer);
  expect(pieces.length).toBeLessThan(5);
  expect(Buffer.concat(pieces).toString()).toBe('x'.repeat(20_000));
});

function post(path: string, body: string, token?: string): Promise<Response> {
  return fetch(server.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body,
  });
}
