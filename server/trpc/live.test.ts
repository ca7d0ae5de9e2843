import { randomUUID } from 'node:crypto';
import type { inferProcedureOutput } from '@trpc/server';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { encodeChunk } from '../../contract/chunk.ts';
import { wireEncoder } from '../../contract/encoder.ts';
import type { CaptionEvent } from '../../contract/types.ts';
import { type Client, eventClient, httpClient, socketClient } from '../../testing/clients.ts';
import { type Cutter, openCutter } from '../../testing/cutter.ts';
import { type LiveServer, openServer } from '../../testing/liveServer.ts';
import { pcmOf } from '../../testing/speech/speechScene.ts';
import type { AppRouter } from './router.ts';

type Tracked = inferProcedureOutput<AppRouter['messages']['live']> extends AsyncIterable<infer E> ? E : never;
type Opened = { trpc: Client; close: () => Promise<void> };

/** A client that speaks JSON-RPC gets its events one by one through tRPC, not through an outlet. */
const jsonRpc = {
  ...wireEncoder,
  encode: (data: unknown) =>
    JSON.stringify(
      Array.isArray(data)
        ? data.map((call) => ({ ...call, jsonrpc: '2.0' }))
        : { ...(data as object), jsonrpc: '2.0' },
    ),
} as typeof wireEncoder;

/** Each with the number of cuts to try: an event source waits three seconds before it comes back, so it gets fewer. */
const TRANSPORTS: [string, (url: string, token: string) => Opened, number][] = [
  ['wsLink', (url, token) => socketClient(url, token), 20],
  ['wsLink with JSON-RPC', (url, token) => socketClient(url, token, jsonRpc), 20],
  ['httpSubscriptionLink', (url, token) => ({ trpc: eventClient(url, token), close: async () => {} }), 2],
];

let server: LiveServer;
let cutter: Cutter;
let ada: Client;
let adaToken: string;
let room: string;
beforeEach(async () => {
  server = await openServer({ script: [{ partial: 'hel' }, { final: 'hello' }] });
  cutter = await openCutter(server.url);
  adaToken = (await server.enter('Ada')).token;
  ada = httpClient(server.url, adaToken);
  room = (await ada.rooms.create.mutate({ name: 'Hall' })).id;
});
afterEach(async () => {
  await cutter[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const say = (text: string) => ada.messages.send.mutate({ roomId: room, clientId: randomUUID(), text });

/** Subscribes and collects the events. */
function watch(trpc: Client, lastEventId?: string) {
  const events: Tracked[] = [];
  const errors: string[] = [];
  let started = 0;
  const { unsubscribe } = trpc.messages.live.subscribe(
    { roomId: room, lastEventId },
    {
      onStarted: () => {
        started += 1;
      },
      onData: (event) => events.push(event as unknown as Tracked),
      onError: (error) => errors.push(error.data?.reason ?? error.message),
    },
  );
  const texts = () =>
    events.flatMap(({ data }) => (data.type === 'message' ? [`${data.rev} ${data.message.text}`] : []));
  return { events, errors, texts, started: () => started, unsubscribe };
}

/** The names of the users who are here after these events. */
function presentIn(events: Tracked[]): string[] {
  const here = new Map<string, string>();
  for (const { data } of events) {
    if (data.type !== 'presence') continue;
    if (data.change === 'all') here.clear();
    for (const { id, name } of data.users) {
      if (data.change === 'left') here.delete(id);
      else here.set(id, name);
    }
  }
  return [...here.values()];
}

const numbered = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, i) => `${first + i} m${first + i}`);

describe.each(TRANSPORTS)('the stock client over %s', (_, open, cutCount) => {
  let client: Opened;
  beforeEach(async () => {
    const { token } = await server.enter('Ben');
    client = open(cutter.url, token);
    await httpClient(server.url, token).rooms.join.mutate({ roomId: room });
  });
  afterEach(() => client.close());

  test('sees messages from now on, each with its rev as event id', async () => {
    await say('m1');
    const seen = watch(client.trpc);
    await vi.waitFor(() => expect(seen.events).toHaveLength(2));
    expect(presentIn(seen.events)).toEqual(['Ben']);
    await say('m2');
    await vi.waitFor(() => expect(seen.texts()).toEqual(['2 m2']));
    expect(seen.events.map(({ id, data }) => [id, data.type])).toEqual([
      ['1', 'presence'],
      ['1', 'presence'],
      ['2', 'message'],
    ]);
    seen.unsubscribe();
  });

  test('with the cursor "0" sees all messages, and goes on with new ones', async () => {
    for (const text of ['m1', 'm2']) await say(text);
    const seen = watch(client.trpc, '0');
    await vi.waitFor(() => expect(seen.texts()).toEqual(numbered(1, 2)));
    await say('m3');
    await vi.waitFor(() => expect(seen.texts()).toEqual(numbered(1, 3)));
    seen.unsubscribe();
  });

  test('sees every message once and in order, although its connection is cut again and again', async () => {
    const seen = watch(client.trpc);
    await vi.waitFor(() => expect(seen.started()).toBe(1));
    for (let cuts = 1; cuts <= cutCount; cuts += 1) {
      for (let i = 6 * cuts - 5; i <= 6 * cuts; i += 1) {
        if (i % 6 === 4) cutter.cut();
        await say(`m${i}`);
      }
      await vi.waitFor(() => expect(seen.texts()).toEqual(numbered(1, 6 * cuts)));
    }
    expect(cutter.connections()).toBeGreaterThan(cutCount);
    expect(seen.errors).toEqual([]);
    seen.unsubscribe();
  });

  test.each(['99', 'nonsense', '-1', '1e1', '9'.repeat(40)])(
    'with the impossible cursor %s gets a reset, and goes on from there',
    async (cursor) => {
      await say('m1');
      const seen = watch(client.trpc, cursor);
      await vi.waitFor(() => expect(seen.events[0]).toEqual({ id: '1', data: { type: 'reset', rev: 1 } }));
      await say('m2');
      await vi.waitFor(() => expect(seen.texts()).toEqual(['2 m2']));
      seen.unsubscribe();
    },
  );

  test('leaves nothing on the server when it goes away', async () => {
    const seen = watch(client.trpc);
    await vi.waitFor(() => expect(seen.events.length).toBeGreaterThan(0));
    expect(server.bus.listeners()).toBeGreaterThan(0);
    seen.unsubscribe();
    await client.close();
    cutter.cut();
    await vi.waitFor(() => expect(server.bus.listeners()).toBe(0));
  });
});

test('all subscriptions of a user who leaves the room end with an error, and get nothing more', async () => {
  const { token } = await server.enter('Ben');
  await using ben = socketClient(server.url, token);
  await ben.trpc.rooms.join.mutate({ roomId: room });
  const seen = watch(ben.trpc);
  const captionErrors: unknown[] = [];
  ben.trpc.transcripts.live.subscribe(
    { roomId: room },
    { onError: ({ data }) => captionErrors.push(data?.reason) },
  );
  await vi.waitFor(() => expect(seen.started()).toBe(1));
  await ben.trpc.rooms.leave.mutate({ roomId: room });
  await vi.waitFor(() => expect([seen.errors, captionErrors]).toEqual([['not_member'], ['not_member']]));
  await using bystander = socketClient(server.url, adaToken);
  const seenByAda = watch(bystander.trpc, '0');
  await say('m1');
  await vi.waitFor(() => expect(seenByAda.texts()).toEqual(['1 m1']));
  // Frames of one socket come in order: the answer comes after anything that was sent for m1.
  await ben.trpc.session.me.query();
  expect(seen.texts()).toEqual([]);
});

test.each(['messages.live', 'transcripts.live'] as const)(
  '%s refuses everybody who is not a member',
  async (path) => {
    const reasonFor = (trpc: Client, roomId: string) =>
      new Promise((resolve) => {
        const onError = (error: { data?: { reason: string } | null }) => resolve(error.data?.reason);
        if (path === 'messages.live') trpc.messages.live.subscribe({ roomId }, { onError });
        else trpc.transcripts.live.subscribe({ roomId }, { onError });
      });
    const { token } = await server.enter('Stranger');
    await using stranger = socketClient(server.url, token);
    await using nobody = socketClient(server.url);
    const hidden = await ada.rooms.create.mutate({ name: 'Hidden', visibility: 'private' });
    expect(await reasonFor(nobody.trpc, room)).toBe('no_session');
    expect(await reasonFor(stranger.trpc, room)).toBe('not_member');
    expect(await reasonFor(stranger.trpc, hidden.id)).toBe('room_unknown');
    expect(await reasonFor(stranger.trpc, randomUUID())).toBe('room_unknown');
  },
);

test('speech reaches the others as a partial, a final and a message, and none of it is logged', async () => {
  const { token } = await server.enter('Ben');
  await using ben = socketClient(server.url, token);
  await ben.trpc.rooms.join.mutate({ roomId: room });
  const seen = watch(ben.trpc);
  const captions: CaptionEvent[] = [];
  const onData = (event: unknown) => captions.push(event as CaptionEvent);
  let listening = false;
  const onStarted = () => {
    listening = true;
  };
  ben.trpc.transcripts.live.subscribe({ roomId: room }, { onData, onStarted });
  await vi.waitFor(() => expect([seen.started(), listening]).toEqual([1, true]));
  const { streamId } = await ada.transcripts.start.mutate({
    roomId: room,
    language: 'en-US',
    sampleRate: 16_000,
  });
  for (const seq of [0, 1]) {
    await ada.transcripts.push.mutate(encodeChunk({ streamId, seq, pcm: pcmOf(100) }));
  }
  await ada.transcripts.stop.mutate({ streamId });
  await vi.waitFor(() => expect(captions.at(-1)).toMatchObject({ type: 'stream', state: 'ended' }));
  await vi.waitFor(() => expect(seen.texts()).toEqual(['1 hello']));
  const utterances = captions.flatMap((event) => (event.type === 'stream' ? [] : [event]));
  const ids = new Set(utterances.map(({ utterance }) => utterance.id));
  expect(utterances.map(({ type, utterance }) => [type, utterance.text, utterance.seq])).toEqual([
    ['partial', 'hel', null],
    ['final', 'hello', 1],
  ]);
  expect(ids.size).toBe(1);
  for (const secret of ['hello', token, adaToken]) expect(server.logged()).not.toContain(secret);
});
