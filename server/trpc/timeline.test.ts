import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RoomEvent } from '../../contract/types.ts';
import { refusal, type SocketClient, socketClient } from '../../testing/clients.ts';
import { type LiveServer, openServer } from '../../testing/liveServer.ts';

let server: LiveServer;
let ada: SocketClient;
let ben: SocketClient;
let adaId: string;
let benId: string;
let roomId: string;
beforeEach(async () => {
  server = await openServer();
  const [first, second] = [await server.enter('Ada'), await server.enter('Ben')];
  [adaId, benId] = [first.user.id, second.user.id];
  ada = socketClient(server.url, first.token);
  ben = socketClient(server.url, second.token);
  roomId = (await ada.trpc.rooms.create.mutate({ name: 'Hall' })).id;
  await ben.trpc.rooms.join.mutate({ roomId });
});
afterEach(async () => {
  await Promise.all([ada.close(), ben.close()]);
  await server[Symbol.asyncDispose]();
});

const say = ({ trpc }: SocketClient, text: string, more: { replyTo?: string; mentions?: string[] } = {}) =>
  trpc.messages.send.mutate({ roomId, clientId: randomUUID(), text, ...more });

/** Collects the events that Ben gets from now on, without presence. */
async function watch(lastEventId?: string) {
  const events: RoomEvent[] = [];
  const started = Promise.withResolvers<void>();
  const subscription = ben.trpc.messages.live.subscribe(
    { roomId, lastEventId },
    {
      onStarted: () => started.resolve(),
      onData: ({ data }) => data.type !== 'presence' && events.push(data as RoomEvent),
    },
  );
  await started.promise;
  return { events, leave: () => subscription.unsubscribe() };
}

test('an edit, a reaction and a removal reach subscribers in rev order, each as the changed message', async () => {
  const { events } = await watch();
  const { id: messageId } = await say(ada, 'helo');
  const edited = await ada.trpc.messages.edit.mutate({ roomId, messageId, text: ' hello ' });
  const reacted = await ben.trpc.messages.react.mutate({ roomId, messageId, emoji: '👋🏽' });
  const removed = await ada.trpc.messages.remove.mutate({ roomId, messageId });
  expect(edited).toMatchObject({ seq: 1, rev: 2, text: 'hello', editedAt: expect.any(String) });
  expect(reacted).toMatchObject({ rev: 3, reactions: [{ emoji: '👋🏽', userIds: [benId] }] });
  expect(removed).toMatchObject({ rev: 4, text: null, reactions: [], deletedAt: expect.any(String) });
  await vi.waitFor(() => expect(events).toHaveLength(4));
  expect(events.slice(1)).toEqual(
    [edited, reacted, removed].map((message) => ({ type: 'message', rev: message.rev, message })),
  );
});

test('a replay holds each message once, in its latest state, in the order of the last changes', async () => {
  const first = await say(ada, 'first');
  const second = await say(ada, 'second');
  const edited = await ada.trpc.messages.edit.mutate({ roomId, messageId: first.id, text: 'first, edited' });
  const { events } = await watch('0');
  await vi.waitFor(() => expect(events).toHaveLength(2));
  expect(events).toEqual([second, edited].map((message) => ({ type: 'message', rev: message.rev, message })));
});

test('a reply needs a message of the room, a mention a member', async () => {
  const first = await say(ada, 'question');
  const reply = await say(ben, '@Ada answer', { replyTo: first.id, mentions: [adaId, adaId] });
  expect(reply).toMatchObject({ replyTo: first.id, mentions: [adaId] });
  expect(await refusal(say(ben, 'x', { mentions: [randomUUID()] }))).toMatchObject({
    code: 'BAD_REQUEST',
    reason: 'mention_unknown',
  });
  expect(await refusal(say(ben, 'x', { replyTo: randomUUID() }))).toMatchObject({ reason: 'reply_unknown' });
});

test('unread counts from where a user joined, read or wrote last; read markers are sent to the room', async () => {
  const unread = async ({ trpc }: SocketClient) => (await trpc.rooms.get.query({ roomId })).unread;
  for (const text of ['one', 'two', 'three']) await say(ada, text);
  expect([await unread(ada), await unread(ben)]).toEqual([0, 3]);
  const { events } = await watch();
  expect(await ben.trpc.messages.markRead.mutate({ roomId, seq: 2 })).toEqual({ seq: 2 });
  expect(await ben.trpc.messages.markRead.mutate({ roomId, seq: 1 })).toEqual({ seq: 2 });
  expect(await unread(ben)).toBe(1);
  expect((await ben.trpc.rooms.list.query()).items[0]?.unread).toBe(1);
  await say(ben, 'four');
  expect(await unread(ben)).toBe(0);
  await vi.waitFor(() => expect(events.at(-1)).toMatchObject({ type: 'message' }));
  expect(events.filter(({ type }) => type === 'read')).toEqual([{ type: 'read', userId: benId, seq: 2 }]);
});

test('typing is sent to the room, and takes no rev', async () => {
  const { events } = await watch();
  await ada.trpc.messages.typing.mutate({ roomId });
  await ada.trpc.messages.typing.mutate({ roomId, typing: false });
  const user = { id: adaId, name: 'Ada' };
  await vi.waitFor(() =>
    expect(events).toEqual([
      { type: 'typing', user, typing: true },
      { type: 'typing', user, typing: false },
    ]),
  );
  expect((await ada.trpc.rooms.get.query({ roomId })).rev).toBe(0);
});

test('a search finds messages in one room, or in all rooms that the user has joined', async () => {
  await say(ada, '다음 주 회의 자료입니다');
  const other = await ada.trpc.rooms.create.mutate({ name: 'Ada alone' });
  const secret = { roomId: other.id, clientId: randomUUID(), text: '비밀 회의' };
  await ada.trpc.messages.send.mutate(secret);
  const texts = async ({ trpc }: SocketClient, search: { query: string; roomId?: string }) =>
    (await trpc.messages.search.query(search)).items.map(({ text }) => text);
  expect(await texts(ada, { query: '회의' })).toEqual(['비밀 회의', '다음 주 회의 자료입니다']);
  expect(await texts(ben, { query: '회의' })).toEqual(['다음 주 회의 자료입니다']);
  expect(await texts(ada, { query: '회의', roomId })).toEqual(['다음 주 회의 자료입니다']);
  expect(await refusal(ben.trpc.messages.search.query({ query: 'x', roomId: other.id }))).toMatchObject({
    reason: 'not_member',
  });
  const first = await ada.trpc.messages.search.query({ query: '회의', limit: 1 });
  const next = await ada.trpc.messages.search.query({
    query: '회의',
    limit: 1,
    cursor: first.nextCursor ?? undefined,
  });
  expect([first, next].map(({ items }) => items[0]?.text)).toEqual(['비밀 회의', '다음 주 회의 자료입니다']);
  expect(next.nextCursor).toBeNull();
});

describe('history around a message', () => {
  const page = async (around: number, limit: number) => {
    const { items, hasMore } = await ben.trpc.messages.list.query({ roomId, around, limit });
    return [items.map(({ seq }) => seq), hasMore];
  };

  test('has that message in its middle, as far as there are messages on both sides', async () => {
    for (let i = 1; i <= 9; i += 1) await say(ada, `m${i}`);
    expect(await page(5, 5)).toEqual([[3, 4, 5, 6, 7], true]);
    expect(await page(5, 4)).toEqual([[4, 5, 6, 7], true]);
    expect(await page(5, 1)).toEqual([[5], true]);
    expect(await page(1, 4)).toEqual([[1, 2, 3], false]);
    expect(await page(9, 4)).toEqual([[8, 9], true]);
    expect(await page(99, 2)).toEqual([[9], true]);
  });

  test('cannot be combined with another cursor', async () => {
    const both = ben.trpc.messages.list.query({ roomId, around: 5, before: 3 });
    expect(await refusal(both)).toMatchObject({ reason: 'invalid_input' });
  });
});

describe('a user may not', () => {
  test.each<[string, string, (messageId: string) => Promise<unknown>]>([
    [
      'edit a message of another user',
      'not_author',
      (messageId) => ben.trpc.messages.edit.mutate({ roomId, messageId, text: 'x' }),
    ],
    [
      'remove a message of another user',
      'not_author',
      (messageId) => ben.trpc.messages.remove.mutate({ roomId, messageId }),
    ],
    [
      'edit a message to blank text',
      'invalid_input',
      (messageId) => ada.trpc.messages.edit.mutate({ roomId, messageId, text: ' ' }),
    ],
    [
      'react with a word',
      'invalid_input',
      (messageId) => ada.trpc.messages.react.mutate({ roomId, messageId, emoji: 'ok' }),
    ],
    [
      'react with two emoji',
      'invalid_input',
      (messageId) => ada.trpc.messages.react.mutate({ roomId, messageId, emoji: '👍👍' }),
    ],
    [
      'react to an unknown message',
      'message_unknown',
      () => ada.trpc.messages.react.mutate({ roomId, messageId: randomUUID(), emoji: '👍' }),
    ],
    ['search for blank text', 'invalid_input', () => ada.trpc.messages.search.query({ query: '  ' })],
    [
      'mark a negative seq as read',
      'invalid_input',
      () => ada.trpc.messages.markRead.mutate({ roomId, seq: -1 }),
    ],
  ])('%s', async (_, reason, call) => {
    const { id } = await say(ada, 'hello');
    expect(await refusal(call(id))).toMatchObject({ reason, retryable: false });
  });

  test('change, mark or search anything in a room that they have not joined', async () => {
    const { id: messageId } = await say(ada, 'hello');
    await ben.trpc.rooms.leave.mutate({ roomId });
    const { messages } = ben.trpc;
    for (const call of [
      () => messages.edit.mutate({ roomId, messageId, text: 'x' }),
      () => messages.remove.mutate({ roomId, messageId }),
      () => messages.react.mutate({ roomId, messageId, emoji: '👍' }),
      () => messages.markRead.mutate({ roomId, seq: 1 }),
      () => messages.typing.mutate({ roomId }),
      () => messages.search.query({ roomId, query: 'hello' }),
    ]) {
      expect(await refusal(call())).toMatchObject({ code: 'FORBIDDEN', reason: 'not_member' });
    }
  });
});
