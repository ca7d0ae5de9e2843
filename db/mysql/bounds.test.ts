import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type MysqlServer, startMariadb } from '../../testing/mysqlServers.ts';
import { addPerson, addRoom, append, kept, typed, upTo } from '../testing/material.ts';
import { openMysql } from './store.ts';

let server: MysqlServer;
beforeAll(async () => {
  server = await startMariadb();
});
afterAll(() => server?.[Symbol.asyncDispose]());

const UNAVAILABLE = { reason: 'store_unavailable', code: 'SERVICE_UNAVAILABLE', retryable: true };
const databaseIn = (url: string) => url.split('/').at(-1) ?? '';

async function connections(): Promise<number[]> {
  const rows = await server.query("select id from information_schema.processlist where user like 'app%'");
  return (rows as { id: number }[]).map(({ id }) => id);
}

test('a server that hangs while it pins a session holds up no caller, and that session is not used', async () => {
  const url = await server.database('all');
  const store = await openMysql(url, { pinMs: 1_500, acquireMs: 60_000, silentMs: 60_000, lifeMs: 1 });
  const ada = await addPerson(store);
  const room = await addRoom(store, ada);
  const message = typed(room, ada);
  // The server logs a user in first, and hangs in the first statement.
  await server.query("set global init_connect = 'do sleep(1000)'");
  await expect(append(store, [message])).rejects.toMatchObject(UNAVAILABLE);
  const hanging = await connections();
  await server.query("set global init_connect = ''");
  expect(kept(await append(store, [message])).map(({ seq }) => seq)).toEqual([1]);
  for (const id of hanging) await server.query(`kill ${id}`).catch(() => {});
  await store.close();
});

test('a start on a server that hangs ends with a retryable error', async () => {
  const url = await server.database('all');
  await server.query("set global init_connect = 'do sleep(1000)'");
  const opening = openMysql(url, { silentMs: 500 });
  await expect(opening).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  await server.query("set global init_connect = ''");
  for (const id of await connections()) await server.query(`kill ${id}`).catch(() => {});
});

test('calls that get no connection in time are told so; none of them is lost, and the others go on', async () => {
  const url = await server.database('all');
  const store = await openMysql(url, { acquireMs: 2_000, silentMs: 60_000 });
  const ada = await addPerson(store);
  const room = await addRoom(store, ada);
  // Each of these calls holds its connection until the lock is free.
  await server.query(
    `create trigger ${databaseIn(url)}.slow before insert on ${databaseIn(url)}.users for each row
      if new.name = 'Slow' then do get_lock('held by a test', 100); do release_lock('held by a test'); end if`,
  );
  const holder = await holdLock('held by a test');
  const slow = upTo(16).map(() => addPerson(store, 'Slow'));
  const message = typed(room, ada);
  await vi.waitFor(async () => expect(await waiting()).toBe(16), { timeout: 20_000 });
  for (const call of await Promise.allSettled([append(store, [message]), store.ping()])) {
    expect(call).toMatchObject({ reason: UNAVAILABLE });
  }
  holder();
  const people = await Promise.all(slow);
  expect(kept(await append(store, [message])).map(({ seq }) => seq)).toEqual([1]);
  for (const person of people) expect(await store.findUser(person.id)).toEqual(person);
  // The places of the callers that gave up are free again.
  await Promise.all(upTo(40).map(() => store.ping()));
  await store.close();
});

test('a server that never answers is given up with its connections; a later attempt keeps the message once', async () => {
  const url = await server.database('all');
  const store = await openMysql(url, { silentMs: 2_000, connectMs: 2_000, acquireMs: 5_000 });
  const ada = await addPerson(store);
  const room = await addRoom(store, ada);
  const sent = typed(room, ada);
  await Promise.all(upTo(8).map(() => store.ping()));
  const before = await connections();
  server.signal('SIGSTOP');
  const during = [
    append(store, [sent]),
    store.ping(),
    store.findUser(ada.id),
    store.listMessages(room, { limit: 9 }),
  ];
  for (const call of await Promise.allSettled(during)) expect(call).toMatchObject({ reason: UNAVAILABLE });
  server.signal('SIGCONT');
  await vi.waitFor(() => append(store, [sent]), { timeout: 10_000 });
  const after = await connections();
  expect((await store.listMessages(room, { limit: 9 })).map(({ id }) => id)).toEqual([sent.id]);
  await store.ping();
  expect(after.filter((id) => before.includes(id))).toEqual([]);
  await store.close();
});

/** How many sessions wait for a lock by name. */
async function waiting(): Promise<number> {
  const rows = await server.query("select 1 from information_schema.processlist where state = 'User lock'");
  return (rows as unknown[]).length;
}

/** Takes a lock of the server in a session of its own. @returns a function that ends the session. */
async function holdLock(name: string): Promise<() => void> {
  const connection = await createConnection({ host: '127.0.0.1', port: server.port, user: 'root' });
  await connection.query('select get_lock(?, 0)', [name]);
  return () => connection.destroy();
}
