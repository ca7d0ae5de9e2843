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
  test('cannot be read by scripts or used by foreign pages, and lasts a year', async () => {
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

  test('is only sent over https where people reach the server by https', async () => {
    await using secure = await openServer({ publicUrl: 'https://chat.example.org' });
    const answer = await enter(secure.url);
    const cookie = answer.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^__Host-roomscribe_session=[\w.-]+; /);
    expect(cookie).toContain('; Secure');
    expect(cookie).toContain('; Path=/');
    expect(cookie).not.toContain('Domain');
    expect(answer.headers.get('strict-transport-security')).toContain('max-age=');
  });

  test('is not given to a foreign page', async () => {
    const answer = await enter(server.url, { origin: 'https://evil.example' });
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([403, null]);
    expect(await answer.json()).toMatchObject({ error: { data: { reason: 'foreign_origin' } } });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('the user of a request', () => {
  test('is found by a bearer token, a cookie, or connection parameters', async () => {
    expect(await me({ authorization: `Bearer ${ada.token}` })).toEqual(ada.user);
    expect(await me({ authorization: `bearer  ${ada.token}` })).toEqual(ada.user);
    expect(await me({ cookie: `a=b; roomscribe_session=${ada.token}; c=d` })).toEqual(ada.user);
    await using socket = socketClient(server.url, ada.token);
    expect(await socket.trpc.session.me.query()).toEqual({ user: ada.user });
    await using raw = await openRawSocket(server.url, { token: ada.token });
    raw.send(JSON.stringify({ id: 1, method: 'query', params: { path: 'session.me' } }));
    expect(await raw.next()).toMatchObject({ result: { data: { user: ada.user } } });
  });

  test('is nobody for two session cookies; the one that only this host can set goes before the other', async () => {
    const ben = await server.enter('Ben');
    const plain = (token: string) => `roomscribe_session=${token}`;
    const secure = (token: string) => `__Host-roomscribe_session=${token}`;
    const cookies = (...pairs: string[]) => me({ cookie: pairs.join('; ') });
    expect(await cookies(plain(ada.token), plain(ben.token))).toBeNull();
    expect(await cookies(plain(ada.token), plain(ada.token))).toBeNull();
    expect(await cookies(secure(ada.token), secure(ben.token))).toBeNull();
    expect(await cookies(plain(ben.token), secure(ada.token))).toEqual(ada.user);
    expect(await cookies(secure(ada.token))).toEqual(ada.user);
  });

  const key = new TextEncoder().encode(SECRET);
  const endless = (subject: string) =>
    new SignJWT().setProtectedHeader({ alg: 'HS256' }).setIssuer('roomscribe').setSubject(subject);
  const token = (subject: string, alg = 'HS256') =>
    new SignJWT()
      .setProtectedHeader({ alg })
      .setIssuer('roomscribe')
      .setSubject(subject)
      .setExpirationTime('1h');
  const past = Math.floor(Date.now() / 1_000) - 60;

  test('is found for a token that this test makes, so the refusals below do test something', async () => {
    const good = await token(ada.user.id).sign(key);
    expect(await me({ authorization: `Bearer ${good}` })).toEqual(ada.user);
  });

  test.each<[string, () => string | Promise<string>]>([
    ['nonsense', () => 'nonsense'],
    ['two dots', () => '..'],
    [
      'changed in one character',
      () => `${ada.token.slice(0, -2)}${ada.token.at(-2) === 'A' ? 'B' : 'A'}${ada.token.at(-1)}`,
    ],
    ['signed with another secret', () => token(ada.user.id).sign(new Uint8Array(32))],
    ['without an end', () => endless(ada.user.id).sign(key)],
    ['expired', () => token(ada.user.id).setExpirationTime(past).sign(key)],
    [
      'without a signature',
      () => new UnsecuredJWT().setIssuer('roomscribe').setSubject(ada.user.id).encode(),
    ],
    ['signed with another algorithm', () => token(ada.user.id, 'HS512').sign(key)],
    ['made by another issuer', () => token(ada.user.id).setIssuer('elsewhere').sign(key)],
    ['made for an empty user id', () => token('').sign(key)],
    ['made for a user who no longer exists', () => token(randomUUIDv7()).sign(key)],
    ['made for a user id that is SQL', () => token("' or 1=1 --").sign(key)],
    ['made for a user id in capitals', () => token(ada.user.id.toUpperCase()).sign(key)],
    ['made for a user id and a blank', () => token(`${ada.user.id} `).sign(key)],
    ['made for a user id and a line break', () => token(`${ada.user.id}\n`).sign(key)],
    ['made for a user id in Korean', () => token('방').sign(key)],
    ['made for a user id that is NUL', () => token('\0').sign(key)],
  ])('is nobody for a token that is %s', async (_, make) => {
    const forged = await make();
    expect(await me({ authorization: `Bearer ${forged}` })).toBeNull();
    await using socket = socketClient(server.url, forged);
    expect(await socket.trpc.session.me.query()).toEqual({ user: null });
  });
});

test('a fault of the database while a user is looked up is an error, not a lost session', async () => {
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
