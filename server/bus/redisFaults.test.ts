import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { createClient } from '@redis/client';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { Message } from '../../contract/types.ts';
import { upTo } from '../../db/testing/material.ts';
import { createNotedLog } from '../../testing/notedLog.ts';
import { startRedis } from '../../testing/redisServer.ts';
import type { Bus, BusEvent } from './bus.ts';
import { createRedisBus } from './redis.ts';

const LONG = { timeout: 20_000 };
const event: BusEvent = { type: 'message', message: { rev: 1 } as Message };

let redis: Awaited<ReturnType<typeof startRedis>>;
const buses: Bus[] = [];
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());
afterEach(async () => {
  for (const bus of buses.splice(0)) await bus.close();
});

function open(url: string) {
  const log = createNotedLog();
  const bus = createRedisBus(url, log);
  buses.push(bus);
  return {
    bus,
    changes: () => log.notes.map(({ message }) => message),
    reasons: () => log.notes.flatMap(({ fields }) => ('reason' in fields ? [fields.reason] : [])),
  };
}

/** Runs a command as the administrator. */
async function command(url: string, ...words: string[]): Promise<void> {
  const client = await createClient({ url }).connect();
  await client.sendCommand(words);
  client.destroy();
}

const setUser = (...rules: string[]) => command(redis.url, 'ACL', 'SETUSER', 'room', 'reset', ...rules);
const asUser = () => redis.url.replace('//', '//room:secret@');
const RIGHTS = ['on', '>secret', '&roomscribe:*', '-@all', '+publish', '+subscribe', '+unsubscribe'];

/** Publishes in these rooms until each event has arrived at the other bus. */
async function expectCrossing(here: Bus, there: Bus, rooms: string[]): Promise<void> {
  const arrived = new Set<string>();
  for (const room of rooms) there.subscribe(room, () => arrived.add(room));
  await vi.waitFor(() => {
    for (const room of rooms) here.publish(room, event);
    expect(rooms.filter((room) => !arrived.has(room))).toEqual([]);
  }, LONG);
}

test('a user who may only publish and subscribe on our channels is enough', async () => {
  await setUser(...RIGHTS);
  const [here, there] = [open(asUser()), open(asUser())];
  await expectCrossing(here.bus, there.bus, ['hall']);
  await vi.waitFor(() => expect(here.bus.isConnected()).toBe(true), LONG);
  expect(here.changes()).toEqual([]);
});

test.each([
  ['publish', '-publish'],
  ['subscribe', '-subscribe'],
  ['use our channels', 'resetchannels'],
])(
  'a user who may not %s is reported once; the bus works as soon as the right is given',
  async (_, denied) => {
    await setUser(...RIGHTS, denied);
    const { bus, changes } = open(asUser());
    await vi.waitFor(() => expect(bus.trouble?.()).toBe('not_allowed'), LONG);
    expect(bus.isConnected()).toBe(false);
    await setUser(...RIGHTS);
    await vi.waitFor(() => expect(bus.isConnected()).toBe(true), LONG);
    expect(bus.trouble?.()).toBeUndefined();
    expect(changes().map((message) => message.slice(0, 12))).toEqual(['the bus carr', 'the bus is b']);
  },
);

test('a wrong password is reported as such', async () => {
  await setUser(...RIGHTS);
  const { bus } = open(redis.url.replace('//', '//room:wrong@'));
  await vi.waitFor(() => expect(bus.trouble?.()).toBe('not_allowed'), LONG);
});

/** A proxy before Redis. `mute` makes it keep all open connections and pass nothing more from Redis; `cut` ends them. */
async function openProxy() {
  const upstreams = new Set<{ client: Socket; upstream: Socket }>();
  const server = createServer((client) => {
    const upstream = connect(redis.port, '127.0.0.1');
    upstreams.add({ client, upstream });
    client.pipe(upstream);
    if (!proxy.muteNext) upstream.pipe(client);
    for (const socket of [client, upstream]) socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Whether new connections get no answers. */
    muteNext: false,
    connections: () => upstreams.size,
    mute() {
      for (const { client, upstream } of upstreams) upstream.unpipe(client).resume();
    },
    cut() {
      for (const { client } of upstreams) client.destroy();
    },
    close() {
      for (const { client, upstream } of upstreams) for (const socket of [client, upstream]) socket.destroy();
      server.close();
    },
  };
  return proxy;
}

test('a proxy that silently loses the subscriptions is noticed, and the bus connects again', async () => {
  const proxy = await openProxy();
  const [here, there] = [open(redis.url), open(proxy.url)];
  await expectCrossing(here.bus, there.bus, ['hall']);
  await vi.waitFor(() => expect(there.bus.isConnected()).toBe(true), LONG);
  proxy.cut();
  await vi.waitFor(() => expect(there.reasons()).toEqual(['unreachable']), LONG);
  await vi.waitFor(() => expect(there.bus.isConnected()).toBe(true), LONG);
  proxy.mute();
  // The probes that do not come back tell, before a connection fails.
  await vi.waitFor(() => expect(there.reasons()).toEqual(['unreachable', 'no_events']), LONG);
  await expectCrossing(here.bus, there.bus, ['hall', 'kitchen']);
  await vi.waitFor(() => expect(there.bus.isConnected()).toBe(true), LONG);
  proxy.close();
});

test('a bus that is closed while a command waits for its answer reports nothing', async () => {
  const proxy = await openProxy();
  const { bus, changes } = open(proxy.url);
  await vi.waitFor(() => expect(bus.isConnected()).toBe(true), LONG);
  proxy.mute();
  bus.subscribe('kitchen', () => {});
  await bus.close();
  await new Promise(setImmediate);
  expect(changes()).toEqual([]);
  proxy.close();
});

test('a server that accepts a connection and never answers is left for one that answers', async () => {
  const proxy = await openProxy();
  proxy.muteNext = true;
  const { bus, reasons } = open(proxy.url);
  bus.publish('hall', event);
  await vi.waitFor(() => expect(proxy.connections()).toBe(2), LONG);
  expect(bus.isConnected()).toBe(false);
  proxy.muteNext = false;
  await vi.waitFor(() => expect(bus.isConnected()).toBe(true), LONG);
  expect(new Set(reasons())).toEqual(new Set(['unreachable']));
  await bus.close();
  proxy.close();
});

test('in a cluster of two shards the events of every room cross, whichever nodes the processes use', async () => {
  const nodes = await Promise.all([0, 1].map(() => startRedis(['--cluster-enabled', 'yes'])));
  const [one, two] = nodes as [typeof redis, typeof redis];
  await command(one.url, 'CLUSTER', 'ADDSLOTSRANGE', '0', '8191');
  await command(two.url, 'CLUSTER', 'ADDSLOTSRANGE', '8192', '16383');
  await command(one.url, 'CLUSTER', 'MEET', '127.0.0.1', String(two.port));
  const [here, there] = [open(one.url), open(two.url)];
  const rooms = upTo(40).map((i) => `room ${i}`);
  await expectCrossing(here.bus, there.bus, rooms);
  await expectCrossing(there.bus, here.bus, rooms);
  for (const bus of buses.splice(0)) await bus.close();
  for (const node of nodes) await node[Symbol.asyncDispose]();
});
