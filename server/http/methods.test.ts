import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getUntypedClient } from '@trpc/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { httpClient } from '../../testing/clients.ts';
import { type LiveServer, openServer } from '../../testing/liveServer.ts';

let server: LiveServer;
let token: string;
const clientDirectory = mkdtempSync(join(tmpdir(), 'roomscribe-files-'));
beforeAll(async () => {
  writeFileSync(join(clientDirectory, 'index.html'), '<!doctype html>');
  writeFileSync(join(clientDirectory, 'icon.svg'), '<svg/>');
  server = await openServer({ clientDirectory });
  token = (await server.enter('Ada')).token;
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(clientDirectory, { recursive: true });
});

const call = (method: string, path: string, headers: Record<string, string> = {}) =>
  fetch(server.url + path, { method, headers: { authorization: `Bearer ${token}`, ...headers } });

describe('a method that a path does not take', () => {
  const ROOM = `/api/rooms/${randomUUID()}`;
  test.each([
    ['DELETE', '/api/rooms', 'GET, HEAD, POST, OPTIONS'],
    ['PUT', '/api/rooms', 'GET, HEAD, POST, OPTIONS'],
    ['POST', ROOM, 'GET, HEAD, OPTIONS'],
    ['DELETE', `${ROOM}/messages`, 'GET, HEAD, OPTIONS'],
    ['POST', `${ROOM}/transcript.srt`, 'GET, HEAD, OPTIONS'],
    ['POST', '/healthz', 'GET, HEAD, OPTIONS'],
    ['DELETE', '/readyz', 'GET, HEAD, OPTIONS'],
    ['PUT', '/metrics', 'GET, HEAD, OPTIONS'],
    ['POST', '/', 'GET, HEAD, OPTIONS'],
    ['POST', '/rooms/x', 'GET, HEAD, OPTIONS'],
    ['POST', '/assets/x.js', 'GET, HEAD, OPTIONS'],
  ])('%s %s is answered with 405 and %s', async (method, path, allow) => {
    const answer = await call(method, path);
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow]);
    expect(await answer.json()).toMatchObject({
      title: 'Method Not Allowed',
      status: 405,
      reason: 'method_not_allowed',
    });
  });

  test.each([
    ['GET', '/trpc/rooms.create', 'POST'],
    ['POST', '/trpc/rooms.list', 'GET'],
    ['GET', '/trpc/rooms.create,rooms.join?batch=1', 'POST'],
    ['PUT', '/trpc/rooms.list', 'GET, POST'],
    ['DELETE', '/trpc/rooms.create', 'GET, POST'],
    ['PATCH', '/trpc/rooms.list,rooms.list?batch=1', 'GET, POST'],
  ])('%s %s of tRPC is answered with 405 and %s', async (method, path, allow) => {
    for (const type of ['application/json', 'text/plain']) {
      const answer = await call(method, path, method === 'GET' ? {} : { 'content-type': type });
      // tRPC looks at the type of a POST first.
      if (method === 'POST' && type === 'text/plain') continue;
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow]);
      expect(answer.headers.get('content-type')).toBe('application/json');
      const [{ error }] = [await answer.json()].flat() as [{ error: { message: string; data: object } }];
      expect(error.data).toMatchObject({ reason: 'method_not_allowed', httpStatus: 405 });
      expect(error.message).toBe(`This address does not take ${method}. It takes ${allow}.`);
    }
  });

  test.each([
    ['DELETE', '/api/nothing'],
    ['POST', '/api'],
    ['GET', '/api/rooms/x/y/z'],
    ['GET', '//'],
    ['GET', '//evil.example'],
    ['POST', '//evil.example'],
    ['GET', '//api/rooms'],
    ['GET', '/robots.txt'],
    ['GET', '/rooms/lost.png'],
    ['HEAD', '/rooms/lost.png'],
  ])('%s %s is an unknown path', async (method, path) => {
    const answer = await call(method, path);
    expect([answer.status, answer.headers.get('allow')]).toEqual([404, null]);
    if (method === 'HEAD') return;
    expect(await answer.json()).toMatchObject({ title: 'Not Found', reason: 'no_route' });
  });
});

test('/favicon.ico is the icon, not the page', async () => {
  const answer = await fetch(`${server.url}/favicon.ico`);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/svg+xml; charset=utf-8']);
});

test.each(['/api/rooms', '/api/nothing', '/trpc/rooms.list'])(
  '401 on %s names how to sign in',
  async (path) => {
    for (const authorization of ['', 'Bearer x.y.z', 'Basic YTpi']) {
      const answer = await fetch(server.url + path, { headers: { authorization } });
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
        401,
        'Bearer realm="roomscribe"',
      ]);
    }
  },
);

describe('one fault has one wording and one reason over tRPC and REST', () => {
  const nowhere = randomUUID();
  test.each<[string, string, RequestInit, string, unknown]>([
    ['no session', '/api/rooms', { headers: { authorization: '' } }, 'query rooms.list', {}],
    ['an unknown room', `/api/rooms/${nowhere}`, {}, 'query rooms.get', { roomId: nowhere }],
    ['a wrong limit', '/api/rooms?limit=many', {}, 'query rooms.list', { limit: 'many' }],
    ['a limit that is too high', '/api/rooms?limit=201', {}, 'query rooms.list', { limit: 201 }],
    [
      'a blank name',
      '/api/rooms',
      { method: 'POST', body: '{"name":" "}' },
      'mutation rooms.create',
      { name: ' ' },
    ],
    ['no name', '/api/rooms', { method: 'POST', body: '{}' }, 'mutation rooms.create', {}],
  ])('%s', async (_, path, init, procedure, input) => {
    const headers = { authorization: `Bearer ${token}`, ...init.headers };
    const problem = (await (await fetch(server.url + path, { ...init, headers })).json()) as Record<
      string,
      unknown
    >;
    const [type, name] = procedure.split(' ') as ['query' | 'mutation', string];
    const client = getUntypedClient(httpClient(server.url, headers.authorization ? token : undefined));
    const error = (await client[type](name, input).catch((thrown: unknown) => thrown)) as {
      message: string;
      data: Record<string, unknown>;
    };
    expect({ detail: problem.detail, reason: problem.reason, retryable: problem.retryable }).toEqual({
      detail: error.message,
      reason: error.data.reason,
      retryable: error.data.retryable,
    });
  });
});
