import { randomUUID } from 'node:crypto';
import { getUntypedClient } from '@trpc/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeChunk } from '../../contract/chunk.ts';
import { type Client, httpClient, refusal, socketClient } from '../../testing/clients.ts';
import { type LiveServer, openServer } from '../../testing/liveServer.ts';
import { pcmOf } from '../../testing/speech/speechScene.ts';

type Scene = {
  server: LiveServer;
  ada: Client;
  adaToken: string;
  stranger: Client;
  nobody: Client;
  room: string;
};
type Opened = { trpc: Client; close: () => Promise<void> };

const TRANSPORTS: [string, (url: string, token?: string) => Opened][] = [
  ['HTTP', (url, token) => ({ trpc: httpClient(url, token), close: async () => {} })],
  ['a WebSocket', (url, token) => socketClient(url, token)],
];

const call = (client: Client, type: 'query' | 'mutation', path: string, input?: unknown) =>
  getUntypedClient(client)[type](path, input);

const QUERIES = [
  'rooms.list',
  'rooms.get',
  'rooms.members',
  'messages.list',
  'transcripts.list',
  'transcripts.engine',
];
const MUTATIONS = [
  'rooms.create',
  'rooms.join',
  'rooms.leave',
  'messages.send',
  'transcripts.start',
  'transcripts.stop',
];

describe.each(TRANSPORTS)('over %s', (_, open) => {
  const opened: Opened[] = [];
  const scene = {} as Scene;
  beforeAll(async () => {
    scene.server = await openServer();
    const enter = async (name: string) => {
      const { token } = await scene.server.enter(name);
      opened.push(open(scene.server.url, token));
      return { token, trpc: opened.at(-1)?.trpc as Client };
    };
    const ada = await enter('Ada');
    [scene.ada, scene.adaToken] = [ada.trpc, ada.token];
    scene.stranger = (await enter('Stranger')).trpc;
    opened.push(open(scene.server.url));
    scene.nobody = opened.at(-1)?.trpc as Client;
    scene.room = (await scene.ada.rooms.create.mutate({ name: 'Hall' })).id;
  });
  afterAll(async () => {
    expect(scene.server.logged()).not.toContain('"level":50');
    await Promise.all(opened.map(({ close }) => close()));
    await scene.server[Symbol.asyncDispose]();
  });

  const message = (text: unknown, more: object = {}) => ({
    roomId: scene.room,
    clientId: randomUUID(),
    text,
    ...more,
  });

  test.each([
    ...QUERIES.map((path) => ['query', path] as const),
    ...MUTATIONS.map((path) => ['mutation', path] as const),
  ])('the %s %s needs a session', async (type, path) => {
    const input = path.startsWith('rooms.create')
      ? { name: 'x' }
      : { roomId: scene.room, streamId: randomUUID() };
    expect(await refusal(call(scene.nobody, type, path, input))).toMatchObject({
      code: 'UNAUTHORIZED',
      reason: 'no_session',
      retryable: false,
    });
  });

  test.each([
    ['query', 'rooms.get'],
    ['query', 'rooms.members'],
    ['query', 'messages.list'],
    ['query', 'transcripts.list'],
    ['mutation', 'rooms.join'],
    ['mutation', 'rooms.leave'],
    ['mutation', 'messages.send'],
    ['mutation', 'transcripts.start'],
  ] as const)('the %s %s answers NOT_FOUND for an unknown room', async (type, path) => {
    const rest = { text: 'x', clientId: randomUUID(), language: 'en-US', sampleRate: 16_000 };
    expect(await refusal(call(scene.ada, type, path, { roomId: randomUUID(), ...rest }))).toMatchObject({
      code: 'NOT_FOUND',
      reason: 'room_unknown',
      message: 'There is no such room.',
      retryable: false,
    });
  });

  test.each([
    ['query', 'rooms.members'],
    ['query', 'messages.list'],
    ['query', 'transcripts.list'],
    ['mutation', 'messages.send'],
    ['mutation', 'transcripts.start'],
  ] as const)('the %s %s refuses a user who has not joined the room', async (type, path) => {
    const rest = { text: 'x', clientId: randomUUID(), language: 'en-US', sampleRate: 16_000 };
    expect(await refusal(call(scene.stranger, type, path, { roomId: scene.room, ...rest }))).toMatchObject({
      code: 'FORBIDDEN',
      reason: 'not_member',
      message: 'Join the room first.',
    });
  });

  test.each([
    ['nothing', ''],
    ['blanks', ' \n\t\u3000\u00a0 '],
    ['4,001 code points', '가'.repeat(4_001)],
    ['4,001 code points outside the basic plane', '𐍈'.repeat(4_001)],
    ['control characters only', '\u0000\b\u0092\r\n'],
    ['half a character', '\ud83d'],
    ['characters that nobody sees', '\u200b\u2060\u3164\u2800\ufe0f'],
    ['a number', 5],
    ['null', null],
    ['an object', { $bytes: 3 }],
  ])('a text that is %s is refused', async (_name, text) => {
    const refused = await refusal(call(scene.ada, 'mutation', 'messages.send', message(text)));
    expect(refused).toMatchObject({ code: 'BAD_REQUEST', reason: 'invalid_input', retryable: false });
    expect(refused.message).toMatch(/^text: .{10,}/);
  });

  test.each([
    ['a null character', 'a\u0000b', 'ab'],
    ['an escape', '\u001b[31mred', '[31mred'],
    ['a backspace of an input method', '안녕하세\b요', '안녕하세요'],
    ['half a character', 'a\ud83d', 'a'],
    ['lines from a Windows program', 'a\r\nb\rc', 'a\nb\nc'],
  ])(
    'a text with %s is kept without it, when it is sent and when it is edited',
    async (_name, text, kept) => {
      const { id: roomId } = (await call(scene.ada, 'mutation', 'rooms.create', { name: 'Texts' })) as {
        id: string;
      };
      const sent = await call(scene.ada, 'mutation', 'messages.send', message(text, { roomId }));
      expect(sent).toMatchObject({ text: kept });
      const edit = { roomId, messageId: (sent as { id: string }).id, text: `${text}!` };
      expect(await call(scene.ada, 'mutation', 'messages.edit', edit)).toMatchObject({ text: `${kept}!` });
    },
  );

  test('a text of 4,000 code points is accepted, however many bytes it has', async () => {
    const text = '𐍈'.repeat(4_000);
    expect(await call(scene.ada, 'mutation', 'messages.send', message(` ${text}\n`))).toMatchObject({ text });
  });

  test.each([
    ['session.guest', {}, ''],
    ['session.guest', {}, '\u200a \t'],
    ['session.guest', {}, '名'.repeat(41)],
    ['session.guest', {}, '\u3164\u200b\u202e'],
    ['rooms.create', {}, ' '],
    ['rooms.create', {}, 'x'.repeat(81)],
    ['rooms.create', {}, '\u2800\u0000'],
  ])('%s with %j and the name %j is refused', async (path, rest, name) => {
    const refused = await refusal(call(scene.ada, 'mutation', path, { ...rest, name }));
    expect(refused).toMatchObject({ code: 'BAD_REQUEST', reason: 'invalid_input' });
    expect(refused.message).toMatch(/^name: /);
  });

  test.each([
    ['a\nb', 'a b'],
    ['tab\t bed', 'tab bed'],
    ['esc\u001b\u0000', 'esc'],
    ['Ada\u202e\u200b', 'Ada'],
  ])('the name %j becomes %j', async (name, kept) => {
    const guest = await call(scene.ada, 'mutation', 'session.guest', { name });
    expect(guest).toMatchObject({ user: { name: kept } });
    const room = await call(scene.ada, 'mutation', 'rooms.create', { name });
    expect(room).toMatchObject({ name: kept });
    const renamed = { roomId: scene.room, name: `${name}!` };
    expect(await call(scene.ada, 'mutation', 'rooms.update', renamed)).toMatchObject({ name: `${kept}!` });
  });

  test('names of the greatest length are accepted, counted in code points', async () => {
    expect(await call(scene.ada, 'mutation', 'session.guest', { name: '𐍈'.repeat(40) })).toBeTruthy();
    expect(await call(scene.ada, 'mutation', 'rooms.create', { name: '𐍈'.repeat(80) })).toBeTruthy();
  });

  test.each<['query' | 'mutation', string, () => unknown]>([
    ['query', 'rooms.get', () => undefined],
    ['query', 'rooms.get', () => null],
    ['query', 'rooms.get', () => 'text'],
    ['query', 'rooms.get', () => []],
    ['query', 'rooms.get', () => ({ roomId: 5 })],
    ['query', 'rooms.get', () => ({ roomId: 'x'.repeat(65) })],
    ['query', 'rooms.list', () => ({ limit: 0 })],
    ['query', 'rooms.list', () => ({ limit: 201 })],
    ['query', 'rooms.list', () => ({ search: {} })],
    ['mutation', 'rooms.create', () => ({ name: 'x', visibility: 'secret' })],
    ['mutation', 'rooms.create', () => ({ name: 'x', language: 'not a language' })],
    ['query', 'messages.list', () => ({ roomId: scene.room, before: -1 })],
    ['query', 'messages.list', () => ({ roomId: scene.room, after: 1.5 })],
    ['query', 'messages.list', () => ({ roomId: scene.room, limit: 'many' })],
    ['mutation', 'messages.send', () => message('x', { clientId: 'mine' })],
    ['mutation', 'messages.send', () => message('x', { clientId: undefined })],
    ['mutation', 'messages.send', () => message('x', { replyTo: 5 })],
    ['mutation', 'transcripts.start', () => ({ roomId: scene.room, language: 'en-US', sampleRate: 7_999 })],
    ['mutation', 'transcripts.start', () => ({ roomId: scene.room, language: 'en-US', sampleRate: 48_001 })],
    ['mutation', 'transcripts.start', () => ({ roomId: scene.room, language: '', sampleRate: 16_000 })],
    ['mutation', 'transcripts.stop', () => ({ streamId: 'x' })],
    ['mutation', 'transcripts.push', () => ({ seq: 0 })],
    ['query', 'transcripts.list', () => ({ roomId: scene.room, from: 'yesterday' })],
  ])('wrong input to the %s %s is refused (case %#)', async (type, path, input) => {
    const refused = await refusal(call(scene.ada, type, path, input()));
    expect(refused).toMatchObject({ code: 'BAD_REQUEST', reason: 'invalid_input', retryable: false });
    expect(refused.message.length).toBeGreaterThan(10);
    expect(refused).not.toHaveProperty('stack');
  });

  test.each(['nothing', 'rooms', 'rooms.nothing', 'rooms.get.deeper', 'constructor', '__proto__.x', ''])(
    'the procedure %j does not exist',
    async (path) => {
      expect(await refusal(call(scene.ada, 'query', path))).toMatchObject({
        code: 'NOT_FOUND',
        reason: 'not_found',
      });
    },
  );

  test('a search may contain any characters', async () => {
    for (const search of ['?', '? ?', "'; drop table messages; --", '%', '\\', ':a', '$1']) {
      expect(await call(scene.ada, 'query', 'rooms.list', { search })).toEqual({
        items: [],
        nextCursor: null,
      });
    }
  });

  test('speech streams that are unknown, still open or ended give different errors; foreign ones are unknown', async () => {
    const streams = { roomId: scene.room, language: 'en-US', sampleRate: 16_000 };
    const chunk = (streamId: string, seq = 0) => encodeChunk({ streamId, seq, pcm: pcmOf(100) });
    const push = (token: string, bytes: Uint8Array<ArrayBuffer>) =>
      refusal(httpClient(scene.server.url, token).transcripts.push.mutate(bytes));
    const stranger = (await scene.server.enter('Other')).token;
    const { streamId } = await scene.ada.transcripts.start.mutate(streams);
    expect(await refusal(scene.ada.transcripts.start.mutate(streams))).toMatchObject({
      code: 'CONFLICT',
      reason: 'stream_exists',
      details: { streamId },
    });
    expect(await push(scene.adaToken, chunk(randomUUID()))).toMatchObject({
      code: 'NOT_FOUND',
      reason: 'stream_unknown',
    });
    expect(await push(stranger, chunk(streamId))).toEqual(await push(stranger, chunk(randomUUID())));
    expect(await push(scene.adaToken, chunk(streamId, 65))).toMatchObject({
      code: 'BAD_REQUEST',
      reason: 'chunk_out_of_window',
      details: { nextSeq: 0 },
    });
    expect(await refusal(scene.stranger.transcripts.stop.mutate({ streamId }))).toEqual(
      await refusal(scene.stranger.transcripts.stop.mutate({ streamId: randomUUID() })),
    );
    await scene.ada.transcripts.stop.mutate({ streamId });
    expect(await push(scene.adaToken, chunk(streamId))).toMatchObject({
      code: 'CONFLICT',
      reason: 'stream_ended',
    });
  });

  test('after all refusals the room is unchanged and works', async () => {
    const { items } = await scene.ada.messages.list.query({ roomId: scene.room });
    expect(items.map(({ seq, text }) => [seq, text?.length])).toEqual([[1, 8_000]]);
    expect((await scene.ada.messages.send.mutate(message('on we go') as never)).seq).toBe(2);
  });
});
