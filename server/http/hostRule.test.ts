import { describe, expect, test } from 'vitest';
import { openServer } from '../../testing/liveServer.ts';
import { rawExchange, upgradeRequest } from '../../testing/rawSocket.ts';
import { createCheckHost } from './hostRule.ts';

const passes = (bound: string, host: string, publicUrl?: string, allowedOrigins: string[] = []) => {
  try {
    createCheckHost({ bound, publicUrl, allowedOrigins })({ host, hostIsForwarded: false });
    return true;
  } catch {
    return false;
  }
};

const LOOPBACK = [
  'localhost',
  'LOCALHOST:3000',
  'localhost.',
  'chat.localhost',
  '127.0.0.1',
  '127.8.8.8:80',
  '[::1]:3000',
];
const INSIDE = [
  '192.168.0.7:3000',
  '8.8.8.8',
  '[fd00::7]',
  'chat',
  'chat:3000',
  'chat.local',
  'Chat.LAN.:3000',
  'a.home.arpa',
  'a.b.internal',
];
const FOREIGN = [
  'evil.example',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  'lan.example',
  'evil.notlan',
  'a b',
  'chat@evil.example',
  'chat/x',
  '[::1',
  'x:99999',
];

describe.each(['127.0.0.1', '::1', 'localhost'])('bound to %s', (bound) => {
  test.each(LOOPBACK)('%s is ours', (host) => expect(passes(bound, host)).toBe(true));
  test.each([...INSIDE, ...FOREIGN])('%s is not', (host) => expect(passes(bound, host)).toBe(false));
});

describe.each(['0.0.0.0', '::', '192.168.0.7'])('bound to %s', (bound) => {
  test.each([...LOOPBACK, ...INSIDE])('%s is ours', (host) => expect(passes(bound, host)).toBe(true));
  test.each(FOREIGN)('%s is not', (host) => expect(passes(bound, host)).toBe(false));
});

test.each(['chat.example.org', 'CHAT.example.org.:443', 'chat.example.org:8080'])(
  '%s is ours if it is named',
  (host) => {
    expect(passes('127.0.0.1', host, 'https://chat.example.org')).toBe(true);
    expect(passes('127.0.0.1', host, undefined, ['https://chat.example.org:8443'])).toBe(true);
    expect(passes('127.0.0.1', `${host.split('.')[0]}.evil.example`, 'https://chat.example.org')).toBe(false);
  },
);

test('a name that a trusted proxy forwards is ours', () => {
  const check = createCheckHost({ bound: '127.0.0.1', publicUrl: undefined, allowedOrigins: [] });
  expect(() => check({ host: 'chat.example.org', hostIsForwarded: true })).not.toThrow();
});

describe('a request for a foreign name', () => {
  const get = (url: string, path: string, host: string) =>
    rawExchange(url, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);

  test('is refused on every path, and told what to set; health checks are not', async () => {
    await using server = await openServer();
    for (const path of ['/', '/api/rooms', '/trpc/session.me', '/metrics', '/assets/x.js']) {
      const answer = await get(server.url, path, 'evil.example');
      expect(answer).toMatch(/^HTTP\/1\.1 403 /);
      expect(answer).toContain('PUBLIC_URL');
    }
    const upgrade = await rawExchange(
      server.url,
      upgradeRequest('/trpc', 'evil.example', ['Origin: http://evil.example']),
    );
    expect(upgrade).toMatch(/^HTTP\/1\.1 403 /);
    expect(upgrade).toContain('PUBLIC_URL');
    for (const path of ['/healthz', '/readyz']) {
      expect(await get(server.url, path, 'evil.example')).toMatch(/^HTTP\/1\.1 200 /);
    }
  });

  test.each([
    [undefined, 'must set PUBLIC_URL to the address that they use, such as https://chat.example.com:8443.'],
    ['https://chat.example.org', 'can add it to ALLOWED_ORIGINS, such as https://chat.example.com:8443.'],
  ])('is told what to set where PUBLIC_URL is %s', (publicUrl, advice) => {
    const check = createCheckHost({ bound: '0.0.0.0', publicUrl, allowedOrigins: [] });
    expect(() => check({ host: 'chat.example.com:8443', hostIsForwarded: false })).toThrow(advice);
    const allowed = createCheckHost({
      bound: '0.0.0.0',
      publicUrl,
      allowedOrigins: ['https://chat.example.com:8443'],
    });
    expect(() => allowed({ host: 'chat.example.com:8443', hostIsForwarded: false })).not.toThrow();
  });
});
