import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CLOSE } from '../../contract/close.ts';
import { LIMITS } from '../../contract/limits.ts';
import { upTo } from '../../db/testing/material.ts';
import { httpClient } from '../../testing/clients.ts';
import { type LiveServer, openServer } from '../../testing/liveServer.ts';
import { type Answer, openRawSocket, type RawSocket } from '../../testing/rawSocket.ts';

let server: LiveServer;
let token: string;
let roomId: string;
/** While it is pending, `messages.list` does not answer. */
let stall: Promise<void> | undefined;
beforeEach(async () => {
  stall = undefined;
  server = await openServer({
    alter: (store) => ({
      async listMessages(...args) {
        await stall;
        return store.listMessages(...args);
      },
    }),
  });
  ({ token } = await server.enter('Ada'));
  roomId = (await httpClient(server.url, token).rooms.create.mutate({ name: 'Hall' })).id;
});
afterEach(() => server[Symbol.asyncDispose]());

const call = (id: number, method: string, path: string, input: object = { roomId }) => ({
  id,
  method,
  params: { path, input },
});

/** Waits for the next `count` answers. */
async function answers(socket: RawSocket, count: number): Promise<Answer[]> {
  const all: Answer[] = [];
  while (all.length < count) all.push(await socket.next());
  return all;
}

const errorsIn = (all: Answer[]) => all.flatMap(({ error }) => (error ? [error.data] : []));

test('calls over the limit are refused as retryable; the calls before them are answered', async () => {
  await using socket = await openRawSocket(server.url, { token });
  const stalled = Promise.withResolvers<void>();
  stall = stalled.promise;
  const ids = upTo(LIMITS.callsInFlight + 3);
  socket.send(JSON.stringify(ids.map((id) => call(id, 'query', 'messages.list'))));
  const refused = await answers(socket, 3);
  expect(errorsIn(refused)).toEqual(
    upTo(3).map(() =>
      expect.objectContaining({ code: 'TOO_MANY_REQUESTS', reason: 'too_many_calls', retryable: true }),
    ),
  );
  stalled.resolve();
  expect(errorsIn(await answers(socket, LIMITS.callsInFlight))).toEqual([]);
  socket.send(JSON.stringify(call(9_999, 'query', 'messages.list')));
  expect((await socket.next()).result).toBeDefined();
});

test('sockets of one user over the limit are closed with a reason; other users still connect', async () => {
  const sockets: RawSocket[] = [];
  for (const _ of upTo(LIMITS.socketsPerUser)) sockets.push(await openRawSocket(server.url, { token }));
  await using surplus = await openRawSocket(server.url, { token });
  expect((await surplus.next()).error?.data).toMatchObject({ reason: 'too_many_sockets', retryable: true });
  expect(await surplus.closed).toBe(CLOSE.tooManySockets);
  await using other = await openRawSocket(server.url, { token: (await server.enter('Ben')).token });
  other.send(JSON.stringify(call(1, 'query', 'session.me', {})));
  expect((await other.next()).result).toBeDefined();

  await sockets.pop()?.[Symbol.asyncDispose]();
  await vi.waitFor(async () => {
    await using again = await openRawSocket(server.url, { token });
    again.send(JSON.stringify(call(1, 'query', 'session.me', {})));
    expect((await again.next()).result).toBeDefined();
  });
  for (const socket of sockets) await socket[Symbol.asyncDispose]();
});

test('subscriptions of one user over the limit are refused; when one ends, another can start', async () => {
  await using socket = await openRawSocket(server.url, { token });
  const over = LIMITS.subscriptionsPerUser + 1;
  const nextAnswer = async (matches: (answer: Answer) => boolean) => {
    for (;;) {
      const answer = await socket.next();
      if (matches(answer)) return answer;
    }
  };
  for (const id of upTo(over)) socket.send(JSON.stringify(call(id, 'subscription', 'transcripts.live')));
  const { id, error } = await nextAnswer((answer) => answer.error !== undefined);
  expect([id, error?.data]).toMatchObject([over, { reason: 'too_many_subscriptions', retryable: true }]);
  socket.send(JSON.stringify({ id: 1, method: 'subscription.stop' }));
  const type = ({ result }: Answer) => (result as { type?: string } | undefined)?.type;
  await nextAnswer((answer) => answer.id === 1 && type(answer) === 'stopped');
  socket.send(JSON.stringify(call(over, 'subscription', 'transcripts.live')));
  expect(type(await nextAnswer((answer) => answer.id === over))).toBe('started');
});

test('server-sent events of one user over the limit are refused; when one ends, another can start', async () => {
  const open = async () => {
    const gone = new AbortController();
    const input = encodeURIComponent(JSON.stringify({ roomId }));
    const headers = { authorization: `Bearer ${token}` };
    const address = `${server.url}/trpc/messages.live?input=${input}`;
    return { gone, response: await fetch(address, { headers, signal: gone.signal }) };
  };
  const streams = await Promise.all(upTo(LIMITS.eventStreamsPerUser).map(open));
  expect(streams.map(({ response }) => response.status)).toEqual(streams.map(() => 200));
  const refused = await (await open()).response.text();
  expect(refused).toContain('too_many_subscriptions');
  streams[0]?.gone.abort();
  await vi.waitFor(async () => {
    const { gone, response } = await open();
    const first = await response.body?.getReader().read();
    gone.abort();
    expect(new TextDecoder().decode(first?.value)).not.toContain('too_many_subscriptions');
  });
  for (const { gone } of streams) gone.abort();
});
