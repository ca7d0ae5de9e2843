import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type LiveServer, openServer } from '../../testing/liveServer.ts';
import { randomId } from '../state/randomId.ts';
import { createRoomscribeClient } from './client.ts';
import { openSocketBlocker, type Treatment } from './testing/socketBlocker.ts';

let server: LiveServer;
beforeAll(async () => {
  server = await openServer();
});
afterAll(() => server[Symbol.asyncDispose]());
afterEach(() => vi.unstubAllGlobals());

const UNTIL_CHANGE = { timeout: 25_000 };

test.each<Treatment>(['refuse', 'hang', 'cut'])(
  'if a proxy does "%s" to WebSockets, everything goes over HTTP, and back to a socket later',
  async (treatment) => {
    await using proxy = await openSocketBlocker(server.url, treatment);
    const { token } = await server.enter('Ann');
    const client = createRoomscribeClient({ url: proxy.url, token });
    const create = () => client.trpc.rooms.create.mutate({ name: 'Hall', language: 'en-US' });
    // This call waits for a socket first. Only one that may have been sent fails.
    const { id: roomId } = await (treatment === 'cut' ? vi.waitFor(create, UNTIL_CHANGE) : create());
    await expect.poll(() => client.connection.way(), UNTIL_CHANGE).toBe('events');
    expect(client.connection.state()).toBe('open');

    const received: string[] = [];
    const live = client.trpc.messages.live.subscribe(
      { roomId, lastEventId: '0' },
      { onData: ({ data }) => data.type === 'message' && received.push(data.message.text ?? '') },
    );
    const send = (text: string) => client.trpc.messages.send.mutate({ roomId, clientId: randomId(), text });
    await send('over HTTP');
    await expect.poll(() => received, UNTIL_CHANGE).toEqual(['over HTTP']);

    proxy.treatment = 'pass';
    await expect
      .poll(() => {
        client.connection.retryNow();
        return client.connection.way();
      }, UNTIL_CHANGE)
      .toBe('socket');
    await send('over a socket');
    await expect.poll(() => received, UNTIL_CHANGE).toEqual(['over HTTP', 'over a socket']);
    expect(proxy.requested.join(' ')).not.toContain(token);
    live.unsubscribe();
    await client.close();
  },
  60_000,
);

class ForbiddenWebSocket {
  constructor() {
    throw new DOMException('A policy forbids this.', 'SecurityError');
  }
}

test.each([
  ['no WebSocket class', undefined],
  ['a WebSocket class that throws', ForbiddenWebSocket],
])(
  'in a browser with %s, everything goes over HTTP, also a call that was made before',
  async (_, missing) => {
    vi.stubGlobal('WebSocket', missing);
    const { token } = await server.enter('Ann');
    const client = createRoomscribeClient({ url: server.url, token });
    const room = await client.trpc.rooms.create.mutate({ name: 'Hall', language: 'en-US' });
    expect([client.connection.way(), client.connection.state()]).toEqual(['events', 'open']);
    expect(await client.trpc.rooms.get.query({ roomId: room.id })).toMatchObject({ name: 'Hall' });
    await client.close();
  },
  30_000,
);

test('a server that is away is a lost connection, not a blocked socket', async () => {
  const proxy = await openSocketBlocker(server.url, 'refuse');
  const { token } = await server.enter('Ann');
  const client = createRoomscribeClient({ url: proxy.url, token });
  await expect.poll(() => client.connection.way(), UNTIL_CHANGE).toBe('events');
  await proxy[Symbol.asyncDispose]();
  await client.trpc.rooms.list.query({}).catch(() => {});
  await expect.poll(() => client.connection.state(), UNTIL_CHANGE).toBe('closed-retrying');
  expect(client.connection.way()).toBe('socket');
  await client.close();
}, 60_000);
