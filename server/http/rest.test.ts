import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { httpClient } from '../../testing/clients.ts';
import { type LiveServer, openServer } from '../../testing/liveServer.ts';

let server: LiveServer;
let token: string;
let stranger: string;
beforeAll(async () => {
  server = await openServer();
  token = (await server.enter('Ada')).token;
  stranger = (await server.enter('Ben')).token;
});
afterAll(() => server[Symbol.asyncDispose]());

const call = (path: string, init: RequestInit = {}, as = token) =>
  fetch(server.url + path, { ...init, headers: { authorization: `Bearer ${as}`, ...init.headers } });

const create = (body: object) =>
  call('/api/rooms', {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });

test('a room can be created and listed, and its messages read in pages', async () => {
  const created = await create({ name: ' 회의 ', visibility: 'private' });
  expect(created.status).toBe(201);
  const room = (await created.json()) as { id: string; name: string; role: string };
  expect(created.headers.get('location')).toBe(`/api/rooms/${room.id}`);
  expect(await (await call(`/api/rooms/${room.id}`)).json()).toEqual(room);
  expect(room).toMatchObject({ name: '회의', role: 'owner', visibility: 'private', lastSeq: 0 });
  const list = await call(`/api/rooms?search=${encodeURIComponent('회의')}&limit=5`);
  expect(await list.json()).toEqual({ items: [room], nextCursor: null });

  const trpc = httpClient(server.url, token);
  const send = (text: string) => trpc.messages.send.mutate({ roomId: room.id, clientId: randomUUID(), text });
  const messages = [await send('one'), await send('two'), await send('three')];
  const page = async (query: string) => {
    const answer = await call(`/api/rooms/${room.id}/messages${query}`);
    return (await answer.json()) as { items: { text: string }[]; hasMore: boolean };
  };
  expect(await page('')).toEqual({ items: messages, hasMore: false });
  expect(await page('?before=3&limit=1')).toEqual({ items: [messages[1]], hasMore: true });
  expect(await page('?after=1')).toEqual({ items: messages.slice(1), hasMore: false });
});

test('an empty parameter counts as not given', async () => {
  const { id } = (await (await create({ name: 'Empty' })).json()) as { id: string };
  await httpClient(server.url, token).messages.send.mutate({
    roomId: id,
    clientId: randomUUID(),
    text: 'one',
  });
  const path = `/api/rooms/${id}/messages`;
  const plain = await (await call(path)).json();
  expect(plain).toMatchObject({ items: [{ text: 'one' }] });
  for (const query of ['?before=', '?after=', '?limit=', '?around=', '?before=&after=&limit=&around=']) {
    expect(await (await call(path + query)).json()).toEqual(plain);
  }
  expect((await call('/api/rooms?search=&cursor=&limit=')).status).toBe(200);
  const empty = '?from=&to=&speakerId=&tz=';
  expect((await call(`/api/rooms/${id}/transcript.txt${empty}`)).status).toBe(200);
});

describe('a problem is the answer to a call', () => {
  const NOWHERE = randomUUID();

  test.each<[string, () => Promise<Response>, number, string]>([
    ['without a session', () => fetch(`${server.url}/api/rooms`), 401, 'no_session'],
    ['with a forged session', () => call('/api/rooms', {}, 'x.y.z'), 401, 'no_session'],
    ['to an unknown room', () => call(`/api/rooms/${NOWHERE}/messages`), 404, 'room_unknown'],
    ['with a limit that is no number', () => call('/api/rooms?limit=many'), 400, 'invalid_input'],
    ['with a limit that is too high', () => call('/api/rooms?limit=201'), 400, 'invalid_input'],
    ...['0x10', '1e1', '1.0', ' 1', '+1', 'NaN', '١', '99999999999999999'].map(
      (limit): [string, () => Promise<Response>, number, string] => [
        `with the limit ${limit}`,
        () => call(`/api/rooms?limit=${encodeURIComponent(limit)}`),
        400,
        'invalid_input',
      ],
    ),
    ['with a negative seq', () => call(`/api/rooms/${NOWHERE}/messages?before=-1`), 400, 'invalid_input'],
    ['with a name that is too long', () => create({ name: 'x'.repeat(81) }), 400, 'invalid_input'],
    ['to an unknown path', () => call('/api/nothing'), 404, 'no_route'],
    [
      'with a method that the path does not have',
      () => call('/api/rooms', { method: 'DELETE' }),
      405,
      'method_not_allowed',
    ],
    ['with a path that cannot be decoded', () => call('/api/rooms/%E0%A4%A/messages'), 404, 'room_unknown'],
  ])('%s', async (_, make, status, reason) => {
    const answer = await make();
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/problem+json']);
    expect(await answer.json()).toMatchObject({
      type: 'about:blank',
      status,
      reason,
      title: STATUS_CODES[status],
      detail: expect.stringMatching(/\w+ \w+/),
      retryable: false,
    });
  });

  test('from a foreign page', async () => {
    const answer = await call('/api/rooms', {
      method: 'POST',
      body: '{}',
      headers: { origin: 'https://evil.example' },
    });
    expect([answer.status, await answer.json()]).toEqual([
      403,
      expect.objectContaining({ reason: 'foreign_origin' }),
    ]);
  });
});

test('a private room does not exist for a stranger; a public room asks a stranger to join', async () => {
  const roomOf = async (visibility: string) =>
    ((await (await create({ name: 'Room', visibility })).json()) as { id: string }).id;
  const reason = async (roomId: string) => {
    const answer = await call(`/api/rooms/${roomId}/messages`, {}, stranger);
    return [answer.status, ((await answer.json()) as { reason: string }).reason];
  };
  expect(await reason(await roomOf('private'))).toEqual([404, 'room_unknown']);
  expect(await reason(await roomOf('public'))).toEqual([403, 'not_member']);
});

test('/healthz needs no session', async () => {
  const answer = await fetch(`${server.url}/healthz`);
  expect([answer.status, await answer.json()]).toEqual([200, { status: 'ok' }]);
});
