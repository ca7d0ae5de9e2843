import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { initTRPC, TRPCError, tracked } from '@trpc/server';
import { applyWSSHandler } from '@trpc/server/adapters/ws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { wireEncoder } from '../../contract/encoder.ts';
import { Channel } from '../flow/channel.ts';
import { Intake } from '../flow/intake.ts';
import { createWork } from '../flow/work.ts';
import type { Context } from '../trpc/trpc.ts';
import { ClientSocket } from './clientSocket.ts';
import { type ConnectionParams, TrpcSocket } from './trpcSocket.ts';

/** Both endpoints, tRPC's own adapter and ours, serve this router. They must give the same answers. */
const t = initTRPC.context<Context>().create({ isDev: false });

const router = t.router({
  me: t.procedure.query(({ ctx }) => ctx.user?.name),
  nothing: t.procedure.query(() => undefined),
  echo: t.procedure.input((input) => input).mutation(({ input }) => input),
  fails: t.procedure.query(() => {
    throw new TRPCError({ code: 'CONFLICT', message: 'no' });
  }),
  breaks: t.procedure.query(() => {
    throw new Error('broken');
  }),
  iterable: t.procedure.query(() => new Channel<number>()),
  count: t.procedure
    .input((input) => input as { to: number; lastEventId?: string })
    .subscription(({ input }) => eventsOf(upTo(input.to, input.lastEventId), (events) => events.end())),
  endless: t.procedure.subscription(() => eventsOf(upTo(2), () => {})),
  failing: t.procedure.subscription(() =>
    eventsOf(upTo(1), (events) => events.fail(new TRPCError({ code: 'FORBIDDEN', message: 'out' }))),
  ),
  refused: t.procedure.subscription((): Channel<number> => {
    throw new TRPCError({ code: 'FORBIDDEN', message: 'not you' });
  }),
  plain: t.procedure.subscription(() => 5 as unknown as Channel<number>),
});

type Tracked = ReturnType<typeof tracked<number>>;

function upTo(last: number, after = '0'): Tracked[] {
  const all = Array.from({ length: last }, (_, i) => tracked(String(i + 1), i + 1));
  return all.slice(Number(after));
}

/** Each is called once, when the events of a subscription end. */
const onEnd: (() => void)[] = [];

function eventsOf(items: Tracked[], then: (events: Channel<Tracked>) => void): Channel<Tracked> {
  const events = new Channel<Tracked>(() => onEnd.shift()?.());
  for (const item of items) events.push(item);
  then(events);
  return events;
}

const work = createWork();
const intake = new Intake();

async function contextFor(params: ConnectionParams): Promise<Context> {
  if (params?.token === 'bad') throw new TRPCError({ code: 'UNAUTHORIZED', message: 'who?' });
  const name = params?.token ?? 'nobody';
  return {
    user: { id: name, name, kind: 'guest' },
    address: '127.0.0.1',
    work,
    keepSession: () => {},
  };
}

const servers: Server[] = [];
let adapterUrl: string;
let ownUrl: string;
beforeAll(async () => {
  const adapter = new WebSocketServer({ noServer: true });
  applyWSSHandler({
    wss: adapter,
    router,
    experimental_encoder: wireEncoder,
    createContext: ({ info }) => contextFor(info.connectionParams),
  });
  adapterUrl = await listen((ws, _, req) => adapter.emit('connection', ws, req));
  ownUrl = await listen((ws, connection, req) => {
    const parts = { router, createContext: contextFor, intake, onError: () => {} };
    const client = new TrpcSocket(
      new ClientSocket(ws, connection),
      parts,
      req.url?.includes('connectionParams=1') ?? false,
    );
    ws.on('message', (data: Buffer, isBinary) => client.read(data, isBinary));
    ws.on('close', () => client.close());
  });
});
afterAll(() => {
  for (const server of servers) server.close();
});

async function listen(serve: (ws: WebSocket, connection: Duplex, req: { url?: string }) => void) {
  const wss = new WebSocketServer({ noServer: true });
  const server = createServer();
  server.on('upgrade', (req, connection, head) =>
    wss.handleUpgrade(req, connection, head, (ws) => serve(ws, connection, req)),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/**
 * Sends the frames and a last call. @returns all answers until the last call is answered or the server closes the
 * socket.
 */
async function conversation(url: string, frames: (string | object)[]): Promise<string[]> {
  const socket = new WebSocket(url);
  const answers: string[] = [];
  const finished = Promise.withResolvers<void>();
  socket.on('message', (data) => {
    answers.push(data.toString());
    if (data.toString().includes('"id":"last"')) finished.resolve();
  });
  socket.on('close', () => finished.resolve());
  await once(socket, 'open');
  for (const frame of frames) socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  socket.send(JSON.stringify(call('last', 'query', 'me')));
  await finished.promise;
  socket.close();
  return answers;
}

function call(id: unknown, method: string, path: string, input?: unknown, more: object = {}): object {
  return { id, method, params: { path, input }, ...more };
}

const stop = (id: unknown) => ({ id, method: 'subscription.stop' });
const JSON_RPC = { jsonrpc: '2.0' };

describe('our socket answers like the adapter of tRPC', () => {
  test.each<[string, (string | object)[]]>([
    ['a ping', ['PING', 'PONG']],
    ['a query', [call(1, 'query', 'me')]],
    ['a query whose id is a word', [call('one', 'query', 'me')]],
    ['a query that answers nothing', [call(1, 'query', 'nothing')]],
    ['a mutation', [call(1, 'mutation', 'echo', { text: '안녕 👋', deep: [null, 1.5] })]],
    ['a mutation without an input', [call(1, 'mutation', 'echo')]],
    ['a call in JSON-RPC', [call(1, 'mutation', 'echo', 'x', JSON_RPC)]],
    ['a batch', [[call(1, 'query', 'me'), call(2, 'mutation', 'echo', 2), call(3, 'query', 'fails')]]],
    ['a call that fails', [call(1, 'query', 'fails')]],
    ['a call that fails, in JSON-RPC', [call(1, 'query', 'fails', undefined, JSON_RPC)]],
    ['a call that breaks', [call(1, 'query', 'breaks')]],
    ['an unknown call', [call(1, 'query', 'none')]],
    ['a mutation as a query', [call(1, 'query', 'echo')]],
    ['a call without an id', [call(null, 'query', 'me')]],
    ['a call without an id, in JSON-RPC', [call(null, 'query', 'me', undefined, JSON_RPC)]],
    ['a batch in which one has no id', [[call(1, 'query', 'me'), call(null, 'query', 'me')]]],
    ['a text that is no JSON', ['{"id":']],
    ['an object that is no call', [{ id: 1, method: 'dance', params: {} }]],
    ['a batch that contains a number', [[call(1, 'query', 'me'), 5]]],
    ['a subscription that ends', [call(1, 'subscription', 'count', { to: 3 })]],
    ['a subscription in JSON-RPC', [call(1, 'subscription', 'count', { to: 3 }, JSON_RPC)]],
    [
      'a subscription with a cursor in its input',
      [call(1, 'subscription', 'count', { to: 3, lastEventId: '2' })],
    ],
    [
      'a subscription with a cursor beside its input',
      [{ id: 1, method: 'subscription', params: { path: 'count', input: { to: 3 }, lastEventId: '2' } }],
    ],
    ['a subscription that is stopped', [call(1, 'subscription', 'endless'), stop(1)]],
    ['a subscription that is stopped before it began', [[call(1, 'subscription', 'endless'), stop(1)]]],
    ['a subscription that fails', [call(1, 'subscription', 'failing')]],
    ['a subscription that is refused', [call(1, 'subscription', 'refused')]],
    ['a subscription whose resolver returns no events', [call(1, 'subscription', 'plain')]],
    ['a second subscription with the same id', [[1, 1].map((id) => call(id, 'subscription', 'endless'))]],
    ['a stop of a subscription that does not exist', [stop(7)]],
    ['a query whose resolver returns events', [call(1, 'query', 'iterable')]],
  ])('to %s', async (_, frames) => {
    const [own, adapters] = await Promise.all([
      conversation(ownUrl, frames),
      conversation(adapterUrl, frames),
    ]);
    expect(own.sort()).toEqual(adapters.sort());
    expect(own.length).toBeGreaterThan(0);
  });

  test.each<[string, string | object]>([
    ['the token of a user', { method: 'connectionParams', data: { token: 'Ada' } }],
    ['no parameters', { method: 'connectionParams', data: null }],
    ['a token that is refused', { method: 'connectionParams', data: { token: 'bad' } }],
    ['parameters of the wrong type', { method: 'connectionParams', data: { token: 5 } }],
    ['parameters that are no object', '5'],
    ['parameters that are no JSON', '{'],
  ])('when the first frame has %s', async (_, params) => {
    const frames = [params, call(1, 'query', 'me'), call(2, 'subscription', 'count', { to: 2 })];
    const [own, adapters] = await Promise.all(
      [ownUrl, adapterUrl].map((url) => conversation(`${url}/?connectionParams=1`, frames)),
    );
    expect(own?.sort()).toEqual(adapters?.sort());
  });
});

test('a client that is gone leaves no subscription behind', async () => {
  const socket = new WebSocket(ownUrl);
  await once(socket, 'open');
  const ended = Promise.withResolvers<void>();
  onEnd.push(ended.resolve);
  socket.send(JSON.stringify(call(1, 'subscription', 'endless')));
  await once(socket, 'message');
  socket.terminate();
  await ended.promise;
});
