import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { User } from '../../contract/types.ts';
import { type Cutter, openCutter } from '../../testing/cutter.ts';
import { type MysqlServer, startMariadb } from '../../testing/mysqlServers.ts';
import type { NewMessage, Store } from '../store.ts';
import { addRoom, append, kept, NOBODY, NOWHERE, typed, upTo } from '../testing/material.ts';
import { MYSQL_LIMITS } from './limits.ts';
import { openMysql } from './store.ts';

/** With RUNS, everything takes its real time, and the test prints how long the calls failed. */
const LIMITS = process.env.RUNS ? MYSQL_LIMITS : { ...MYSQL_LIMITS, silentMs: 2_000 };
const [ada, room]: [User, string] = [NOBODY, NOWHERE];

let old: MysqlServer;
let next: MysqlServer;
beforeAll(async () => {
  [old, next] = await Promise.all([startMariadb(), startMariadb()]);
});
afterAll(() => Promise.all([old, next].map((server) => server?.[Symbol.asyncDispose]())));

/** Leads to the old primary at first. */
let cable: Cutter;
/** Goes through the cable. */
let store: Store;
/** The new primary, as somebody sees it who asks it directly. */
let onNext: Store;
let failOver: () => void;

beforeEach(async () => {
  const [url = '', nextUrl = ''] = await Promise.all([old, next].map((server) => server.database('all')));
  const onOld = await openMysql(url);
  onNext = await openMysql(nextUrl);
  // Both have the same room, as a primary and its replica do. Only their last messages differ.
  for (const each of [onOld, onNext]) {
    await each.addUser(ada, new Date(0));
    await addRoom(each, ada, { id: room, createdAt: new Date(0) });
  }
  await onOld.close();
  cable = await openCutter(url);
  failOver = () => cable.lead(nextUrl);
  const through = new URL(url);
  through.port = new URL(cable.url).port;
  store = await openMysql(through.href, LIMITS);
  // Several connections, as after a busy hour.
  await Promise.all(upTo(12).map(() => store.ping()));
});
afterEach(async () => {
  old.signal('SIGCONT');
  await Promise.all([store?.close(), onNext?.close(), cable?.[Symbol.asyncDispose]()]);
  await old.query('set global read_only = 0');
});

const textsOn = async (where: Store) =>
  (await where.listMessages(room, { limit: 100 })).map(({ text }) => text);

/** Sends until it is acked, as a client does. @returns how often it was refused for now. */
async function send(message: NewMessage): Promise<number> {
  for (let refused = 0; ; refused += 1) {
    const outcome = await append(store, [message]).catch((error: unknown) => error);
    if (Array.isArray(outcome)) {
      kept(outcome);
      return refused;
    }
    expect(outcome).toMatchObject({ reason: 'store_unavailable', retryable: true });
  }
}

/** Sends ten messages one after the other, and checks that the new primary has them once each, in order. */
async function sendTen(): Promise<number> {
  const startedAt = performance.now();
  const messages = upTo(10).map((i) => typed(room, ada, { text: `after ${i}` }));
  let refused = 0;
  for (const message of messages) refused += await send(message);
  if (process.env.RUNS)
    console.info(`${refused} refused, ${Math.round(performance.now() - startedAt)} ms in all`);
  expect(await textsOn(onNext)).toEqual(messages.map(({ text }) => text));
  return refused;
}

test('a primary that is demoted is left at the first write, and no message is refused', async () => {
  await send(typed(room, ada, { text: 'before' }));
  await old.query('set global read_only = 1');
  failOver();
  expect(await sendTen()).toBe(0);
});

test('while the name still leads to the demoted primary, calls are refused for now; the first call after that is kept', async () => {
  await old.query('set global read_only = 1');
  const message = typed(room, ada, { text: 'tried before' });
  const newcomer = { ...ada, id: room };
  const calls = [append(store, [message]), store.ping(), store.addUser(newcomer, new Date())];
  for (const call of await Promise.allSettled(calls)) {
    expect(call).toMatchObject({ reason: { reason: 'store_unavailable', retryable: true } });
  }
  failOver();
  expect(await send(message)).toBe(0);
  await store.ping();
  expect(await textsOn(onNext)).toEqual(['tried before']);
});

test('people who only read find the new primary too, without a write that fails first', async () => {
  await old.query('set global read_only = 1');
  failOver();
  kept(await append(onNext, [typed(room, ada, { text: 'news' })]));
  const seen = () =>
    vi.waitFor(async () => expect(await textsOn(store)).toEqual(['news']), { timeout: 10_000 });
  await Promise.all(upTo(4).map(seen));
  // No old connection is left.
  for (const texts of await Promise.all(upTo(30).map(() => textsOn(store)))) expect(texts).toEqual(['news']);
});

test('a primary that is killed is left at once, and no message is refused', async () => {
  await old.kill();
  failOver();
  expect(await sendTen()).toBe(0);
  await old.start();
});

test('a primary that vanishes without a word is left after its silence, and at most one message is refused', async () => {
  old.signal('SIGSTOP');
  failOver();
  expect(await sendTen()).toBeLessThanOrEqual(1);
});

test('a demoted primary, or one that is silent, is left within ten seconds', () => {
  expect(MYSQL_LIMITS.proofMs + MYSQL_LIMITS.pinMs).toBeLessThan(10_000);
  expect(MYSQL_LIMITS.silentMs).toBeLessThan(10_000);
  expect(MYSQL_LIMITS.acquireMs).toBeLessThan(10_000);
});
