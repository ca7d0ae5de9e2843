import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { createAdaptorServer, type HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LIMITS } from '../../contract/limits.ts';
import { upTo } from '../../db/testing/material.ts';
import { batchClient, httpClient } from '../../testing/clients.ts';
import { type LiveServer, openServer } from '../../testing/liveServer.ts';
import { answerInTurn, createWork } from '../flow/work.ts';
import { answerTo, oneAtATime } from './unreadAnswers.ts';

/** So many pages are asked for. The limit is far lower. */
const ASKED = 50;

/** Sends a text on a connection that reads nothing. */
async function send(port: number, text: string) {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.pause();
  socket.write(text);
  return socket;
}

describe('answers that are never read', () => {
  const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
  let made: number;
  let server: Server;
  let port: number;
  beforeEach(async () => {
    made = 0;
    const work = createWork();
    const app = new Hono<{ Bindings: HttpBindings }>();
    app.use(oneAtATime());
    app.onError((_, c) => c.body(null, 503));
    app.get('/long', async (c) => {
      const caller = { userId: 'Ada', address: 'home' };
      const answer = answerTo(work, caller, c.env.outgoing);
      const run = async () => {
        made += 1;
        // More than the buffers of both kernels hold.
        return 'x'.repeat(32 * 1024 * 1024);
      };
      const call = { caller: { ...caller, answer }, gone: c.req.raw.signal, run, contentOf: String };
      return c.body(await answerInTurn(work, 'reads', call));
    });
    app.get('/short', (c) => c.text('short'));
    server = createAdaptorServer({ fetch: app.fetch }) as Server;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  });
  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });

  test('are not made while so much waits; when their connections end, others are', async () => {
    const many = await Promise.all(upTo(ASKED).map(() => send(port, request('/long'))));
    await vi.waitFor(() => expect(made).toBeGreaterThan(0), 20_000);
    for (const _ of upTo(10)) await (await fetch(`http://127.0.0.1:${port}/short`)).text();
    expect(made).toBeLessThanOrEqual(LIMITS.readsAtOnce);
    for (const socket of many) socket.destroy();
    expect((await (await fetch(`http://127.0.0.1:${port}/long`)).text()).length).toBe(32 * 1024 * 1024);
  });

  test('are made one after another for a client that pipelines, and all are if it reads', async () => {
    const socket = await send(port, request('/long') + request('/long') + request('/short'));
    await vi.waitFor(() => expect(made).toBe(1), 20_000);
    await (await fetch(`http://127.0.0.1:${port}/short`)).text();
    expect(made).toBe(1);
    let received = 0;
    socket.on('data', (part) => {
      received += part.length;
    });
    socket.resume();
    await vi.waitFor(() => expect([made, received > 64 * 1024 * 1024]).toEqual([2, true]), 20_000);
    socket.destroy();
  });

  test('of a client that pipelines without end are not made: its connection is cut', async () => {
    const socket = await send(port, request('/long').repeat(10 * LIMITS.pipelinedRequests));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.resume();
    await closed;
    expect(made).toBeLessThan(LIMITS.pipelinedRequests);
  });
});

describe('over the real server', () => {
  let server: LiveServer;
  let token: string;
  let roomId: string;
  let running: number;
  /** While it is pending, no page is answered. */
  let stall: PromiseWithResolvers<void>;
  beforeEach(async () => {
    running = 0;
    stall = Promise.withResolvers();
    server = await openServer({
      alter: (store) => ({
        async listMessages(...args) {
          running += 1;
          await stall.promise;
          return store.listMessages(...args);
        },
      }),
    });
    ({ token } = await server.enter('Ada'));
    roomId = (await httpClient(server.url, token).rooms.create.mutate({ name: 'Hall' })).id;
  });
  afterEach(() => server[Symbol.asyncDispose]());

  test('pages of one user wait for each other, over tRPC and REST together; others are served', async () => {
    const headers = { authorization: `Bearer ${token}` };
    const trpc = httpClient(server.url, token);
    const pages = upTo(ASKED).map((i) =>
      i % 2 === 0
        ? trpc.messages.list.query({ roomId })
        : fetch(`${server.url}/api/rooms/${roomId}/messages`, { headers }),
    );
    await vi.waitFor(() => expect(running).toBe(LIMITS.readsAtOnce));
    const ben = httpClient(server.url, (await server.enter('Ben')).token);
    expect((await ben.session.me.query()).user?.name).toBe('Ben');
    expect(running).toBe(LIMITS.readsAtOnce);
    stall.resolve();
    await Promise.all(pages);
    expect(running).toBe(ASKED);
  });

  test('the stock client batches as many calls as a page makes', async () => {
    const trpc = batchClient(server.url, token);
    const rooms = await Promise.all(upTo(90).map(() => trpc.rooms.get.query({ roomId })));
    expect(rooms.map(({ id }) => id)).toEqual(upTo(90).map(() => roomId));
  });

  test('server-sent events take the token from connectionParams, as stock tRPC sends it; it is not logged', async () => {
    const params = encodeURIComponent(JSON.stringify({ token }));
    const input = encodeURIComponent(JSON.stringify({ roomId }));
    const open = (search: string) => fetch(`${server.url}/trpc/messages.live?input=${input}${search}`);
    const answer = await open(`&connectionParams=${params}`);
    expect(answer.status).toBe(200);
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toContain('event: connected');
    await reader?.cancel();
    for (const search of ['', '&connectionParams=%7B%7D', '&connectionParams=%7B', '&connectionParams=7']) {
      const text = await (await open(search)).text();
      expect(text).not.toContain('"type":"presence"');
    }
    expect(server.logged()).not.toContain(token.slice(0, 20));
  });
});
