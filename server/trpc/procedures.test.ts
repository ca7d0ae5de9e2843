import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeChunk } from '../../contract/chunk.ts';
import { DEFAULT_SPEECH_SETTINGS } from '../../contract/speechSettings.ts';
import { batchClient, binaryClient, type Client, httpClient, socketClient } from '../../testing/clients.ts';
import { type LiveServer, openServer } from '../../testing/liveServer.ts';
import { pcmOf, SAMPLE_RATE } from '../../testing/speech/speechScene.ts';

type Opened = { trpc: Client; close: () => Promise<void> };
const withoutClose = (trpc: Client): Opened => ({ trpc, close: async () => {} });

const TRANSPORTS: [string, (url: string, token: string) => Opened][] = [
  ['HTTP', (url, token) => withoutClose(httpClient(url, token))],
  ['batched HTTP', (url, token) => withoutClose(batchClient(url, token))],
  ['a WebSocket', (url, token) => socketClient(url, token)],
  ['a WebSocket with the binary encoding', (url, token) => binaryClient(url, token)],
];

describe.each(TRANSPORTS)('the stock client over %s', (_, open) => {
  let server: LiveServer;
  let adaToken: string;
  let ada: Opened;
  let ben: Opened;
  beforeAll(async () => {
    server = await openServer({ script: [{ final: 'hello there' }] });
    adaToken = (await server.enter('Ada')).token;
    ada = open(server.url, adaToken);
    ben = open(server.url, (await server.enter('Ben')).token);
  });
  afterAll(async () => {
    await Promise.all([ada.close(), ben.close()]);
    await server[Symbol.asyncDispose]();
  });

  test('gets its own user, and can enter as a guest', async () => {
    const { user } = await ada.trpc.session.me.query();
    expect(user).toEqual({ id: expect.any(String), name: 'Ada', kind: 'guest' });
    const session = await ada.trpc.session.guest.mutate({ name: '  새 사람 ' });
    expect(session).toEqual({
      token: expect.any(String),
      user: expect.objectContaining({ name: '새 사람' }),
    });
  });

  test('creates, finds, joins, updates and leaves rooms, and lists their members', async () => {
    const room = await ada.trpc.rooms.create.mutate({ name: ' 회의실 ' });
    expect(room).toEqual({
      id: expect.any(String),
      name: '회의실',
      visibility: 'public',
      language: 'en-US',
      speech: DEFAULT_SPEECH_SETTINGS,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      archivedAt: null,
      lastSeq: 0,
      rev: 0,
      memberCount: 1,
      role: 'owner',
      unread: 0,
    });
    expect(await ben.trpc.rooms.get.query({ roomId: room.id })).toEqual({
      ...room,
      role: null,
      unread: null,
    });
    expect((await ben.trpc.rooms.list.query({ search: '회의' })).items).toContainEqual({
      ...room,
      role: null,
      unread: null,
    });
    expect(await ben.trpc.rooms.join.mutate({ roomId: room.id })).toMatchObject({
      role: 'member',
      memberCount: 2,
    });
    const updated = await ada.trpc.rooms.update.mutate({ roomId: room.id, speech: { speakers: true } });
    expect(updated).toEqual({ ...room, memberCount: 2, speech: { ...room.speech, speakers: true } });
    const members = await ben.trpc.rooms.members.query({ roomId: room.id });
    expect(members.items.map(({ user, role }) => [user.name, role]).sort()).toEqual([
      ['Ada', 'owner'],
      ['Ben', 'member'],
    ]);
    expect(await ben.trpc.rooms.leave.mutate({ roomId: room.id })).toEqual({});
    expect(await ben.trpc.rooms.get.query({ roomId: room.id })).toMatchObject({ role: null, memberCount: 1 });
    expect((await ben.trpc.rooms.list.query()).nextCursor).toBeNull();
  });

  test('sends and lists messages', async () => {
    const { id: roomId } = await ada.trpc.rooms.create.mutate({ name: 'Hall' });
    const clientId = randomUUID();
    const sent = await ada.trpc.messages.send.mutate({
      roomId,
      clientId: clientId.toUpperCase(),
      text: ' 안녕 👋 ',
    });
    expect(sent).toMatchObject({
      roomId,
      clientId,
      text: '안녕 👋',
      seq: 1,
      rev: 1,
      kind: 'text',
      replyTo: null,
    });
    expect(await ada.trpc.messages.send.mutate({ roomId, clientId, text: 'again' })).toEqual(sent);
    const reply = { roomId, clientId: randomUUID(), text: 'reply', replyTo: sent.id };
    const replied = await ada.trpc.messages.send.mutate(reply);
    expect(await ada.trpc.messages.list.query({ roomId })).toEqual({
      items: [sent, replied],
      hasMore: false,
    });
    expect(await ada.trpc.messages.list.query({ roomId, before: 2, limit: 1 })).toEqual({
      items: [sent],
      hasMore: false,
    });
  });

  test('starts and stops a speech stream, and lists its utterances', async () => {
    const { id: roomId } = await ada.trpc.rooms.create.mutate({ name: 'Stage' });
    expect(await ada.trpc.transcripts.engine.query()).toMatchObject({ available: true, name: 'sherpa' });
    const options = { roomId, language: 'auto', sampleRate: SAMPLE_RATE };
    const { streamId, ...started } = await ada.trpc.transcripts.start.mutate(options);
    expect(started).toEqual({ engine: 'sherpa', chunkMs: 100, budget: null });
    const chunk = encodeChunk({ streamId, seq: 0, pcm: pcmOf(100) });
    const pusher = httpClient(server.url, adaToken);
    expect(await pusher.transcripts.push.mutate(chunk)).toEqual({ nextSeq: 1 });
    const stopped = await ada.trpc.transcripts.stop.mutate({ streamId });
    expect(stopped).toEqual({
      utterances: 1,
      audioSeconds: 0.1,
      billedSeconds: 0.1,
    });
    const { items, hasMore } = await ada.trpc.transcripts.list.query({
      roomId,
      from: '2020-01-01T00:00:00+09:00',
    });
    expect([items.map(({ text, seq }) => [text, seq]), hasMore]).toEqual([[['hello there', 1]], false]);
  });
});
