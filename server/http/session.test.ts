import { randomUUIDv7 } from 'node:crypto';
import { SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { httpClient, socketClient } from '../../testing/clients.ts';
import { type LiveServer, openServer, SECRET } from '../../testing/liveServer.ts';
import { openRawSocket } from '../../testing/rawSocket.ts';

let server: LiveServer;
let ada: Awaited<ReturnType<LiveServer['enter']>>;
beforeAll(async () => {
  server = await openServer();
  ada = await server.enter('Ada');
});
afterAll(() => server[Symbol.asyncDispose]());

const enter = (url: string, headers: Record<string, string> = {}) =>
  fetch(`${url}/trpc/session.guest`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: '{"name":"Ben"}',
  });

const me = async (headers: Record<string, string>) => {
  const answer = await fetch(`${server.url}/trpc/session.me`, { headers });
  return ((await answer.json()) as { result: { data: { user: { name: string } | null } } }).result.data.user;
};

describe('the cookie of a session', () => {
  test('is out of reach for scripts and foreign pages, and lasts a year', async () => {
    const cookie = (await enter(server.url)).headers.get('set-cookie');
    expect(cookie).toMatch(/^roomscribe_session=[\w.-]+; /);
    expect(cookie?.split('; ').slice(1).sort()).toEqual([
      'HttpOnly',
      'Max-Age=31536000',
      'Path=/',
      'SameSite=Lax',
    ]);
    expect(await me({ cookie: cookie?.split(';')[0] ?? '' })).toMatchObject({ name: 'Ben' });
  });

  test('is never sent in the clear where people come by https', async () => {
    await using secure = await openServer({ secure: true });
    const answer = await enter(secure.url);
    expect(answer.headers.get('set-cookie')).toContain('; Secure');
    expect(answer.headers.get('strict-transport-security')).toContain('max-age=');
  });

  test('is not given to a page from elsewhere', async () => {
    const answer = await enter(server.url, { origin: 'https://evil.example' });
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([403, null]);
    expect(await answer.json()).toMatchObject({ error: { data: { reason: 'foreign_origin' } } });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('who somebody is', () => {
  test('is told by a bearer token, a cookie, or connection parameters alike', async () => {
    expect(await me({ authorization: `Bearer ${ada.token}` })).toEqual(ada.user);
    expect(await me({ authorization: `bearer  ${ada.token}` })).toEqual(ada.user);
    expect(await me({ cookie: `a=b; roomscribe_session=${ada.token}; c=d` })).toEqual(ada.user);
    await using socket = socketClient(server.url, ada.token);
    expect(await socket.trpc.session.me.query()).toEqual({ user: ada.user });
    await using raw = await openRawSocket(server.url, { token: ada.token });
    raw.send(JSON.stringify({ id: 1, method: 'query', params: { path: 'session.me' } }));
    expect(await raw.next()).toMatchObject({ result: { data: { user: ada.user } } });
  });

  const key = new TextEncoder().encode(SECRET);
  const token = (subject: string, alg = 'HS256') =>
    new SignJWT().setProtectedHeader({ alg }).setIssuer('roomscribe').setSubject(subject);
  const past = Math.floor(Date.now() / 1_000) - 60;

  test('a token like ours is taken, so that the refusals below say something', async () => {
    const good = await token(ada.user.id).setExpirationTime('1h').sign(key);
    expect(await me({ authorization: `Bearer ${good}` })).toEqual(ada.user);
  });

  test.each<[string, () => string | Promise<string>]>([
    ['nonsense', () => 'nonsense'],
    ['two dots', () => '..'],
    [
      'one whose last character is changed',
      () => `${ada.token.slice(0, -2)}${ada.token.at(-2) === 'A' ? 'B' : 'A'}${ada.token.at(-1)}`,
    ],
    ['one of another secret', () => token(ada.user.id).sign(new Uint8Array(32))],
    ['one that is expired', () => token(ada.user.id).setExpirationTime(past).sign(key)],
    [
      'one without a signature',
      () => new UnsecuredJWT().setIssuer('roomscribe').setSubject(ada.user.id).encode(),
    ],
    ['one of another algorithm', () => token(ada.user.id, 'HS512').sign(key)],
    ['one of another issuer', () => token(ada.user.id).setIssuer('elsewhere').sign(key)],
    ['one of nobody', () => token('').sign(key)],
    ['one of somebody who is gone', () => token(randomUUIDv7()).sign(key)],
    ['one of a person who could not be', () => token("' or 1=1 --").sign(key)],
  ])('%s is nobody', async (_, make) => {
    const forged = await make();
    expect(await me({ authorization: `Bearer ${forged}` })).toBeNull();
    await using socket = socketClient(server.url, forged);
    expect(await socket.trpc.session.me.query()).toEqual({ user: null });
  });
});

test('a database that is away while somebody comes back is no reason to forget them', async () => {
  await using away = await openServer({
    alter: () => ({
      findUser: () => Promise.reject(new Error('secret words')),
    }),
  });
  const { token } = await away.enter('Ada');
  await expect(httpClient(away.url, token).session.me.query()).rejects.toMatchObject({
    message: 'Something went wrong on the server.',
    data: { code: 'INTERNAL_SERVER_ERROR', reason: 'internal_server_error' },
  });
  expect(away.logged()).not.toContain('secret');
  expect(away.logged()).not.toContain(token);
});
