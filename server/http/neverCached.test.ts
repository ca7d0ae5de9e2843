import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { httpClient } from '../../testing/clients.ts';
import { type LiveServer, openServer } from '../../testing/liveServer.ts';

let server: LiveServer;
let token: string;
let room: string;
const clientDirectory = mkdtempSync(join(tmpdir(), 'roomscribe-files-'));
beforeAll(async () => {
  mkdirSync(join(clientDirectory, 'assets'));
  writeFileSync(join(clientDirectory, 'index.html'), '<!doctype html>');
  writeFileSync(join(clientDirectory, 'assets/page-1a2b.js'), '1');
  server = await openServer({ clientDirectory });
  token = (await server.enter('Ada')).token;
  room = (await httpClient(server.url, token).rooms.create.mutate({ name: 'Hall' })).id;
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(clientDirectory, { recursive: true });
});

const SESSION = { authorization: 'session' };
const JSON_BODY = { 'content-type': 'application/json' };
const input = (value: object) => `input=${encodeURIComponent(JSON.stringify(value))}`;

describe('an answer that depends on who asks is never cached', () => {
  test.each<[string, () => string, RequestInit]>([
    ['tRPC', () => '/trpc/session.me', { headers: SESSION }],
    ['tRPC without a session', () => '/trpc/session.me', {}],
    ['a tRPC batch', () => '/trpc/session.me,rooms.list?batch=1', { headers: SESSION }],
    [
      'a tRPC mutation',
      () => '/trpc/session.guest',
      { method: 'POST', headers: JSON_BODY, body: '{"name":"B"}' },
    ],
    ['a refused tRPC call', () => '/trpc/rooms.list', {}],
    ['an unknown tRPC call', () => '/trpc/nothing', {}],
    ['tRPC events', () => `/trpc/messages.live?${input({ roomId: room })}`, { headers: SESSION }],
    ['REST', () => '/api/rooms', { headers: SESSION }],
    ['REST HEAD', () => '/api/rooms', { method: 'HEAD', headers: SESSION }],
    ['REST messages', () => `/api/rooms/${room}/messages`, { headers: SESSION }],
    ['an export', () => `/api/rooms/${room}/transcript.txt`, { headers: SESSION }],
    ['no session', () => '/api/rooms', {}],
    ['wrong input', () => '/api/rooms?limit=x', { headers: SESSION }],
    ['an unknown path', () => '/api/nothing', { headers: SESSION }],
    ['a wrong method', () => '/api/rooms', { method: 'DELETE', headers: SESSION }],
    ['a preflight', () => '/api/rooms', { method: 'OPTIONS' }],
    ['a foreign page', () => '/api/rooms', { method: 'POST', headers: { origin: 'https://evil.example' } }],
    ['the readiness', () => '/readyz', {}],
    ['the metrics', () => '/metrics', {}],
    ['an asset of another version', () => '/assets/gone.js', {}],
  ])('%s', async (_, path, init) => {
    const headers = new Headers(init.headers);
    if (headers.has('authorization')) headers.set('authorization', `Bearer ${token}`);
    const gone = new AbortController();
    const answer = await fetch(server.url + path(), { ...init, headers, signal: gone.signal });
    expect(answer.headers.get('cache-control')).toMatch(/\bno-store\b/);
    const vary = answer.headers.get('vary')?.split(/, */) ?? [];
    expect(vary).toEqual(expect.arrayContaining(['Cookie', 'Authorization']));
    gone.abort();
  });
});

test('events are not cached, and proxies may not compress them', async () => {
  const gone = new AbortController();
  const answer = await fetch(`${server.url}/trpc/messages.live?${input({ roomId: room })}`, {
    headers: { authorization: `Bearer ${token}` },
    signal: gone.signal,
  });
  expect(answer.headers.get('cache-control')).toBe('no-store, no-transform');
  gone.abort();
});

test.each([
  ['/', 'no-cache'],
  ['/rooms/some-room', 'no-cache'],
  ['/assets/page-1a2b.js', 'public, max-age=31536000, immutable'],
])('the file %s is the same for everybody: %s', async (path, cacheControl) => {
  const answer = await fetch(server.url + path);
  expect(answer.headers.get('cache-control')).toBe(cacheControl);
  expect(answer.headers.get('vary') ?? '').not.toMatch(/cookie|authorization/i);
});
