import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LiveServer, openServer } from '../../testing/liveServer.ts';
import { openRawSocket, rawExchange, upgradeRequest } from '../../testing/rawSocket.ts';

const ALLOWED = 'https://chat.example.org';

let server: LiveServer;
let host: string;
beforeAll(async () => {
  server = await openServer({ allowedOrigins: [ALLOWED] });
  host = new URL(server.url).host;
});
afterAll(() => server[Symbol.asyncDispose]());

describe('a WebSocket is opened', () => {
  test.each<[string, () => string | undefined]>([
    ['for programs, which send no Origin', () => undefined],
    ['for our own pages', () => `http://${host}`],
    ['for our own pages behind a proxy that speaks https', () => `https://${host}`],
    ['for pages that the operator allows', () => ALLOWED],
  ])('%s', async (_, origin) => {
    await using socket = await openRawSocket(server.url, { origin: origin() ?? '' });
    expect(socket.isOpen()).toBe(true);
  });
});

describe('an upgrade is refused', () => {
  test.each([
    'https://evil.example',
    'https://chat.example.org.evil.example',
    'http://chat.example.org',
    'https://chat.example.org:444',
    'http://localhost:1',
    'null',
    'no origin at all',
  ])('from the origin %s', async (origin) => {
    const answer = await rawExchange(server.url, upgradeRequest('/trpc', host, [`Origin: ${origin}`]));
    expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
  });

  test.each([
    '/',
    '/trpc/',
    '/trpcx',
    '/TRPC',
    '/trpc/messages.live',
    '/assets/x',
    '//',
    '//trpc',
    '/%',
    '*',
  ])('to the path %s', async (path) => {
    const answer = await rawExchange(server.url, upgradeRequest(path, host));
    expect(answer).toMatch(/^HTTP\/1\.1 40[04] /);
  });

  test.each(['http://[', '///', '/\\'])('to the invalid address %s', async (target) => {
    expect(await rawExchange(server.url, upgradeRequest(target, host))).toMatch(/^HTTP\/1\.1 400 /);
  });

  test.each(['[', 'a b', 'x:99999', '%'])('with the invalid host %s', async (invalidHost) => {
    expect(await rawExchange(server.url, upgradeRequest('/trpc', invalidHost))).toMatch(
      /^HTTP\/1\.1 40[034] /,
    );
  });

  test('and the server still works', async () => {
    await using socket = await openRawSocket(server.url);
    expect(socket.isOpen()).toBe(true);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });
});

test('a refused client that keeps its side open does not keep the server from stopping', async () => {
  const stubborn = await openServer();
  const socket = connect({
    port: Number(new URL(stubborn.url).port),
    host: '127.0.0.1',
    allowHalfOpen: true,
  });
  socket.on('error', () => {}).resume();
  socket.write(upgradeRequest('/elsewhere', 'localhost'));
  await once(socket, 'end');
  await stubborn[Symbol.asyncDispose]();
  socket.destroy();
});
