import { describe, expect, test } from 'vitest';
import { upTo } from '../../db/testing/material.ts';
import { openServer } from '../../testing/liveServer.ts';
import { createNotedLog } from '../../testing/notedLog.ts';
import { rawExchange, upgradeRequest } from '../../testing/rawSocket.ts';
import { createLog } from '../log.ts';
import { createOriginRule } from './origin.ts';

const silent = createLog('silent');
const passes = (origin: string, host: string, named: string[] = [], publicUrl?: string) => {
  try {
    createOriginRule(named, publicUrl, silent).check(origin, { host });
    return true;
  } catch {
    return false;
  }
};

const SAME: [string, string][] = [
  ['http://chat.lan', 'chat.lan'],
  ['http://chat.lan', 'chat.lan:80'],
  ['http://chat.lan:80', 'chat.lan'],
  ['https://chat.lan', 'chat.lan:443'],
  ['https://chat.lan:443', 'chat.lan'],
  ['http://Chat.LAN', 'chat.lan'],
  ['http://chat.lan', 'CHAT.lan.'],
  ['http://chat.lan.', 'chat.lan'],
  ['http://chat.lan.:3000', 'chat.lan:3000'],
  ['http://[::1]:3000', '[::1]:3000'],
  ['http://[0:0::1]', '[::1]:80'],
];
const DIFFERENT: [string, string][] = [
  ['http://chat.lan', 'chat.lan:443'],
  ['https://chat.lan', 'chat.lan:80'],
  ['http://chat.lan:3000', 'chat.lan'],
  ['http://chat.lan', 'chat.lan.evil.example'],
  ['http://chat.lan..', 'chat.lan'],
  ['http://evil.example', 'chat.lan'],
  ['http://chat.lan@evil.example', 'chat.lan'],
  ['http://evil.example/chat.lan', 'evil.example'],
  ['ftp://chat.lan', 'chat.lan'],
  ['null', 'null'],
  ['', 'chat.lan'],
  ['http://', ''],
];

describe('the origin of our own page', () => {
  test.each(SAME)('%s is that of the host %s', (origin, host) => {
    expect(passes(origin, host)).toBe(true);
  });
  test.each(DIFFERENT)('%j is not that of the host %j', (origin, host) => {
    expect(passes(origin, host)).toBe(false);
  });
});

describe('an origin that the operator names', () => {
  const NAMED = 'https://Chat.example.org:443/';
  test.each(['https://chat.example.org', 'https://chat.example.org.', 'HTTPS://CHAT.EXAMPLE.ORG:443'])(
    'may call as %s',
    (origin) => {
      expect(passes(origin, 'inside:3000', [NAMED])).toBe(true);
      expect(passes(origin, 'inside:3000', [], NAMED)).toBe(true);
    },
  );
  test.each([
    'http://chat.example.org',
    'https://chat.example.org:444',
    'https://chat.example.org.evil.example',
  ])('is not %s', (origin) => {
    expect(passes(origin, 'inside:3000', [NAMED], NAMED)).toBe(false);
  });
});

test('a refusal says in answer and log which setting would let the page in', async () => {
  await using server = await openServer();
  const call = () =>
    fetch(`${server.url}/api/rooms`, { method: 'POST', headers: { origin: 'https://Chat.example.org:443' } });
  const { detail } = (await (await call()).json()) as { detail: string };
  expect(detail).toContain('PUBLIC_URL=https://chat.example.org.');
  expect(detail).toContain('ALLOWED_ORIGINS');
  await call();
  expect(server.logged().split('PUBLIC_URL=https://chat.example.org').length).toBe(2);

  const upgrade = upgradeRequest('/trpc', 'localhost', ['Origin: https://other.example.org']);
  const answer = await rawExchange(server.url, upgrade);
  expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
  expect(answer).toContain('PUBLIC_URL=https://other.example.org');
});

test('a foreign page may only read: GET and HEAD pass, and a browser shows it nothing', async () => {
  await using server = await openServer();
  const statusOf = async (method: string) =>
    (await fetch(`${server.url}/api/rooms`, { method, headers: { origin: 'https://evil.example' } })).status;
  expect(await Promise.all(['GET', 'HEAD', 'POST'].map(statusOf))).toEqual([401, 401, 403]);
});

test('a page that makes up origins does not fill the log', () => {
  const log = createNotedLog();
  const rule = createOriginRule([], undefined, log);
  for (const i of upTo(300)) {
    expect(() => rule.check(`https://n${i}.example`, { host: 'localhost' })).toThrow();
  }
  expect(log.notes).toHaveLength(100);
});

test('behind a trusted proxy its host and scheme count: for origins, cookies and HSTS', async () => {
  const enter = (url: string, headers: Record<string, string>) =>
    fetch(`${url}/trpc/session.guest`, {
      method: 'POST',
      body: '{"name":"Ada"}',
      headers: { 'content-type': 'application/json', ...headers },
    });
  const forwarded = {
    origin: 'https://chat.example.org',
    'x-forwarded-host': 'chat.example.org',
    'x-forwarded-proto': 'https',
  };
  await using trusting = await openServer({ trustedProxies: 1 });
  const trusted = await enter(trusting.url, forwarded);
  expect(trusted.status).toBe(200);
  expect(trusted.headers.get('set-cookie')).toContain('; Secure');
  expect(trusted.headers.get('strict-transport-security')).toBe('max-age=15552000');

  await using server = await openServer();
  expect((await enter(server.url, forwarded)).status).toBe(403);
  const plain = await enter(server.url, { ...forwarded, origin: server.url });
  expect(plain.headers.get('set-cookie')).not.toContain('Secure');
  expect(plain.headers.get('strict-transport-security')).toBeNull();
});
