import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LiveServer, openServer } from '../testing/liveServer.ts';
import { openRawSocket, rawExchange, upgradeRequest } from '../testing/rawSocket.ts';

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
    ['by programs, which send no Origin', () => undefined],
    ['by our own pages', () => `http://${host}`],
    ['by our own pages behind a proxy that speaks https', () => `https://${host}`],
    ['by pages the operator allows', () => ALLOWED],
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
  ])('from %s', async (origin) => {
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

  test.each(['http://[', '///', '/\\'])('to %s, which is no address', async (target) => {
    expect(await rawExchange(server.url, upgradeRequest(target, host))).toMatch(/^HTTP\/1\.1 400 /);
  });

  test.each(['[', 'a b', 'x:99999', '%'])('of the host %s, which is none', async (odd) => {
    expect(await rawExchange(server.url, upgradeRequest('/trpc', odd))).toMatch(/^HTTP\/1\.1 40[034] /);
  });

  test('and the server goes on', async () => {
    await using socket = await openRawSocket(server.url);
    expect(socket.isOpen()).toBe(true);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });
});
