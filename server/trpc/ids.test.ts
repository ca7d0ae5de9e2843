import { randomUUID, randomUUIDv7 } from 'node:crypto';
import { getUntypedClient } from '@trpc/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusal, type SocketClient, socketClient } from '../../testing/clients.ts';
import { type LiveServer, openServer } from '../../testing/liveServer.ts';
import { type MysqlServer, startMariadb } from '../../testing/mysqlServers.ts';

type Call = [type: 'query' | 'mutation', path: string, input: object];
type Listener = { onStarted: () => void; onError: (error: unknown) => void };
type Ids = { roomId: string; messageId: string; userId: string };

/** What is no id of ours, made of one that is. Databases compare some of these as equal to it, or fail. */
const BAD: [string, (id: string) => string][] = [
  ['a null character', () => '\0'],
  ['an id and a null character', (id) => `${id}\0`],
  ['Korean', () => '방'],
  ['half a character', () => '\ud800'],
  ['an id and a blank', (id) => `${id} `],
  ['a blank and an id', (id) => ` ${id}`],
  ['an id and a line feed', (id) => `${id}\n`],
  ['an id in upper case', (id) => id.toUpperCase()],
  [
    'an id in full-width digits',
    (id) => id.replace(/\d/g, (digit) => String.fromCharCode(0xff_10 + Number(digit))),
  ],
  ['an id without dashes', (id) => id.replaceAll('-', '')],
  ['an id in braces', (id) => `{${id}}`],
  ['a quote', () => "' or 1=1 -- "],
  ['a wildcard', () => '%'],
  ['a word', () => 'constructor'],
];

const ROOM_CALLS: ((roomId: string, ids: Ids) => Call)[] = [
  (roomId) => ['query', 'rooms.get', { roomId }],
  (roomId) => ['mutation', 'rooms.join', { roomId }],
  (roomId) => ['mutation', 'rooms.leave', { roomId }],
  (roomId) => ['mutation', 'rooms.update', { roomId, name: 'Hall' }],
  (roomId) => ['query', 'rooms.members', { roomId }],
  (roomId) => ['query', 'messages.list', { roomId }],
  (roomId) => ['mutation', 'messages.send', { roomId, clientId: randomUUID(), text: 'x' }],
  (roomId, { messageId }) => ['mutation', 'messages.edit', { roomId, messageId, text: 'x' }],
  (roomId, { messageId }) => ['mutation', 'messages.remove', { roomId, messageId }],
  (roomId, { messageId }) => ['mutation', 'messages.react', { roomId, messageId, emoji: '👍' }],
  (roomId) => ['query', 'messages.search', { roomId, query: 'x' }],
  (roomId) => ['mutation', 'messages.markRead', { roomId, seq: 1 }],
  (roomId) => ['mutation', 'messages.typing', { roomId }],
  (roomId) => ['query', 'transcripts.engine', { roomId }],
  (roomId) => ['mutation', 'transcripts.start', { roomId, language: 'en-US', sampleRate: 16_000 }],
  (roomId) => ['query', 'transcripts.list', { roomId }],
];

const send = ({ roomId }: Ids, more: object): Call => [
  'mutation',
  'messages.send',
  { roomId, clientId: randomUUID(), text: 'x', ...more },
];
/** Other places of ids: each call answers a bad one like one that was never given out. */
const OTHER_CALLS: [string, keyof Ids, (id: string, ids: Ids) => Call][] = [
  ['replyTo', 'messageId', (id, ids) => send(ids, { replyTo: id })],
  ['mentions', 'userId', (id, ids) => send(ids, { mentions: [id] })],
  ['speakerId', 'userId', (id, { roomId }) => ['query', 'transcripts.list', { roomId, speakerId: id }]],
];

/** Typed places: BAD_REQUEST. */
const TYPED_CALLS: [string, keyof Ids, (id: string, ids: Ids) => Call][] = [
  [
    'messages.edit',
    'messageId',
    (id, { roomId }) => ['mutation', 'messages.edit', { roomId, messageId: id, text: 'x' }],
  ],
  [
    'messages.remove',
    'messageId',
    (id, { roomId }) => ['mutation', 'messages.remove', { roomId, messageId: id }],
  ],
  [
    'messages.react',
    'messageId',
    (id, { roomId }) => ['mutation', 'messages.react', { roomId, messageId: id, emoji: '👍' }],
  ],
  ['transcripts.stop', 'messageId', (id) => ['mutation', 'transcripts.stop', { streamId: id }]],
  ['transcripts.resume', 'messageId', (id) => ['mutation', 'transcripts.resume', { streamId: id }]],
  ['rooms.list', 'roomId', (id) => ['query', 'rooms.list', { cursor: id }]],
  ['rooms.members', 'userId', (id, { roomId }) => ['query', 'rooms.members', { roomId, cursor: id }]],
  ['messages.search', 'messageId', (id) => ['query', 'messages.search', { query: 'x', cursor: id }]],
  [
    'messages.search',
    'messageId',
    (id, { roomId }) => ['query', 'messages.search', { roomId, query: 'x', cursor: id }],
  ],
];

let mariadb: MysqlServer;
beforeAll(async () => {
  mariadb = await startMariadb();
});
afterAll(() => mariadb[Symbol.asyncDispose]());

describe.each<[string, () => Promise<string>]>([
  ['SQLite', async () => 'sqlite::memory:'],
  ['MariaDB', () => mariadb.database()],
])('on %s, a text that is no id', (_, databaseUrl) => {
  let server: LiveServer;
  let client: SocketClient;
  let token: string;
  let ids: Ids;
  beforeAll(async () => {
    server = await openServer({ databaseUrl: await databaseUrl() });
    const session = await server.enter('Ada');
    token = session.token;
    client = socketClient(server.url, token);
    const { id: roomId } = await client.trpc.rooms.create.mutate({ name: 'Hall' });
    const { id } = await client.trpc.messages.send.mutate({ roomId, clientId: randomUUID(), text: 'x' });
    ids = { roomId, messageId: id, userId: session.user.id };
  });
  afterAll(async () => {
    expect(server.logged()).not.toContain('"level":50');
    await client.close();
    await server[Symbol.asyncDispose]();
  });

  const answer = ([type, path, input]: Call): Promise<unknown> =>
    getUntypedClient(client.trpc)
      [type](path, input)
      .catch((error: { data: object; message: string }) => ({
        ...error.data,
        message: error.message,
      }));

  test.each(BAD)('is answered like an unknown id: %s', async (_name, spoil) => {
    for (const call of ROOM_CALLS) {
      const given = await answer(call(spoil(ids.roomId), ids));
      expect(given).toEqual(await answer(call(randomUUIDv7(), ids)));
      expect(given).toMatchObject({ code: 'NOT_FOUND', reason: 'room_unknown' });
    }
    for (const [, kind, call] of OTHER_CALLS) {
      expect(await answer(call(spoil(ids[kind]), ids))).toEqual(await answer(call(randomUUIDv7(), ids)));
    }
  });

  test.each(BAD)(
    'is refused where the shape is part of the contract, and as a cursor: %s',
    async (_name, spoil) => {
      for (const [path, kind, call] of TYPED_CALLS) {
        expect(await answer(call(spoil(ids[kind]), ids)), path).toMatchObject({
          code: 'BAD_REQUEST',
          reason: 'invalid_input',
        });
      }
    },
  );

  test.each(BAD)('is answered like an unknown id by subscriptions and REST: %s', async (_name, spoil) => {
    const { messages, transcripts } = client.trpc;
    const input = { roomId: spoil(ids.roomId) };
    const subscriptions = [
      (on: Listener) => messages.live.subscribe(input, on),
      (on: Listener) => transcripts.live.subscribe(input, on),
    ];
    for (const subscribe of subscriptions) {
      const refused = new Promise<void>((onStarted, onError) =>
        subscribe({ onStarted: () => onStarted(), onError }),
      );
      expect(await refusal(refused)).toMatchObject({ reason: 'room_unknown' });
    }
    const rest = async (roomId: string, file: string) => {
      const url = `${server.url}/api/rooms/${encodeURIComponent(roomId.toWellFormed())}/${file}`;
      const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
      return [response.status, await response.json()];
    };
    for (const file of ['messages', 'transcript.txt']) {
      expect(await rest(spoil(ids.roomId), file)).toEqual(await rest(randomUUIDv7(), file));
      expect(await rest(spoil(ids.roomId), file)).toMatchObject([404, { reason: 'room_unknown' }]);
    }
  });

  test('is not there: a cursor of somebody else’s list is read like one that was never given out', async () => {
    const stranger = socketClient(server.url, (await server.enter('Eve')).token);
    const foreign = await stranger.trpc.rooms.create.mutate({ name: 'Cellar', visibility: 'private' });
    const hidden = await stranger.trpc.messages.send.mutate({
      ...{ roomId: foreign.id, clientId: randomUUID(), text: 'x' },
    });
    const search = (cursor: string) => client.trpc.messages.search.query({ query: 'x', cursor });
    expect(await search(hidden.id)).toEqual(await search(randomUUIDv7()));
    await stranger.close();
  });
});
