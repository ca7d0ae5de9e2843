import { once } from 'node:events';
import { IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type LiveServer, openServer } from '../../testing/liveServer.ts';
import { rawExchange } from '../../testing/rawSocket.ts';
import { createHttpServer } from './httpServer.ts';

let server: LiveServer;
beforeAll(async () => {
  server = await openServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const exchange = (...lines: string[]) => rawExchange(server.url, [...lines, '', ''].join('\r\n'));
const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]);

describe('an offer of another protocol is ignored', () => {
  const REQUESTS: [string, number][] = [
    ['GET /healthz', 200],
    ['HEAD /healthz', 200],
    ['GET /', 200],
    ['GET /api/rooms', 401],
    ['GET /trpc/session.me', 200],
    ['GET /trpc', 404],
  ];
  const OFFERS = ['h2c', 'H2C', 'TLS/1.0', 'h2c, TLS/1.0', 'websocket2', 'h2c, websocket', 'IRC/6.9'];

  test.each(OFFERS.flatMap((offer) => REQUESTS.map(([request, status]) => ({ offer, request, status }))))(
    '$offer with $request',
    async ({ offer, request, status }) => {
      const answer = await exchange(
        `${request} HTTP/1.1`,
        'Host: localhost',
        `Upgrade: ${offer}`,
        'Connection: Upgrade, HTTP2-Settings, close',
        'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA',
      );
      expect(statusOf(answer)).toBe(status);
    },
  );

  test('also where the request has a body', async () => {
    const body = '{"name":"Ada"}';
    const answer = await exchange(
      'POST /trpc/session.guest HTTP/1.1',
      'Host: localhost',
      'Upgrade: h2c',
      'Connection: Upgrade, close',
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      '',
      body,
    );
    expect(statusOf(answer)).toBe(200);
    expect(answer).toContain('"token"');
  });
});

test.each(['GET /healthz', 'HEAD /readyz', 'GET /', 'OPTIONS /healthz'])(
  'HTTP/1.0 needs no Host header: %s',
  async (request) => {
    expect(statusOf(await exchange(`${request} HTTP/1.0`))).toBeLessThan(300);
  },
);

test.each(['HTTP/1.0', 'HTTP/1.1'])('OPTIONS * over %s asks about the server', async (version) => {
  const answer = await exchange(`OPTIONS * ${version}`, 'Host: localhost', 'Connection: close');
  expect(statusOf(answer)).toBe(204);
});

test('HTTP/1.1 needs a Host header', async () => {
  expect(statusOf(await exchange('GET /healthz HTTP/1.1', 'Connection: close'))).toBe(400);
});

test('a connection is kept longer than the 60 s of common load balancers', async () => {
  const answer = await fetch(`${server.url}/healthz`);
  expect(answer.headers.get('keep-alive')).toBe('timeout=75');
});

describe('a connection', () => {
  type Turn = { from: unknown; handle: () => void };

  /** A server whose turns the test gives. */
  async function openSlowServer() {
    const turns: Turn[] = [];
    const server = createHttpServer(
      () => new Response('hello'),
      (from, handle) => turns.push({ from, handle }),
    );
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const client = connect(port, '127.0.0.1');
    client.on('error', () => {}).write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    await vi.waitFor(() => expect(turns).toHaveLength(1));
    return {
      ...{ server, client, turns },
      async [Symbol.asyncDispose]() {
        client.destroy();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  }

  test('is not read before its turn, and its request waits for another turn', async () => {
    await using scene = await openSlowServer();
    const { turns, client } = scene;
    const connection = turns[0]?.from as Socket;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(connection.bytesRead).toBe(0);
    turns[0]?.handle();
    await vi.waitFor(() => expect(turns).toHaveLength(2));
    expect(turns[1]?.from).toBeInstanceOf(IncomingMessage);
    turns[1]?.handle();
    expect(await text(client)).toContain('hello');
  });

  test('whose turn comes after the server has closed is closed too', async () => {
    await using scene = await openSlowServer();
    const { turns, client, server } = scene;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    turns[0]?.handle();
    await closed;
    await vi.waitFor(() => expect(client.destroyed).toBe(true));
    expect(turns).toHaveLength(1);
  });

  test('that is gone before its turn costs nothing more', async () => {
    await using scene = await openSlowServer();
    const { turns, client } = scene;
    turns[0]?.handle();
    await vi.waitFor(() => expect(turns).toHaveLength(2));
    client.destroy();
    await vi.waitFor(() => expect(turns[1]?.from).toMatchObject({ socket: { destroyed: true } }));
    expect(() => turns[1]?.handle()).not.toThrow();
  });
});
