import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type MysqlServer, startMariadb } from '../../testing/mysqlServers.ts';
import { openStoreOrWait } from '../lateStore.ts';
import { addPerson, addRoom, append, kept, typed } from '../testing/material.ts';
import { openMysql } from './store.ts';

let server: MysqlServer;
beforeAll(async () => {
  server = await startMariadb();
});
afterAll(() => server?.[Symbol.asyncDispose]());

const PATIENCE = { timeout: 20_000, interval: 50 };
const databaseIn = (url: string) => new URL(url).pathname.slice(1);

/** A session of another process. It ends with `destroy`, as if that process had been killed. */
const openSession = (): Promise<Connection> =>
  createConnection({ host: '127.0.0.1', port: server.port, user: 'root' });

async function migrateElsewhere(): Promise<Connection> {
  const session = await openSession();
  await session.query("select get_lock('roomscribe migrations', 0)");
  return session;
}

async function sessions(condition: string): Promise<number> {
  const rows = await server.query(`select 1 from information_schema.processlist where ${condition}`);
  return (rows as unknown[]).length;
}

test('a start while another process migrates asks until that process is done, or killed', async () => {
  const url = await server.database();
  const other = await migrateElsewhere();
  await server.query("set global log_output = 'TABLE'");
  await server.query('set global general_log = 1');
  const opening = openMysql(url, { silentMs: 2_000 });
  const asked = async () => {
    const [row] = (await server.query(
      "select count(*) as times from mysql.general_log where command_type = 'Execute' and argument like '%get_lock%'",
    )) as [{ times: number }];
    return row.times;
  };
  // Each question takes half of the silence, so the start has waited for longer than a connection may be silent.
  await vi.waitFor(async () => expect(await asked()).toBeGreaterThan(3), PATIENCE);
  await server.query('set global general_log = 0');
  other.destroy();
  const store = await opening;
  await store.ping();
  await store.close();
});

test('a server that has waited long for migrations starts without the database, and has it once they are done', async () => {
  const url = await server.database();
  const other = await migrateElsewhere();
  const told: unknown[] = [];
  const store = await openStoreOrWait(
    url,
    (error) => told.push(error),
    (there) => openMysql(there, { silentMs: 2_000, migrationMs: 100 }),
  );
  expect(store.label).toBe('waiting for the database to answer');
  await expect(store.ping()).rejects.toMatchObject({ reason: 'store_unavailable', retryable: true });
  await vi.waitFor(() => expect(told.length).toBeGreaterThan(1), PATIENCE);
  expect(String((told[0] as Error).cause)).toContain('still migrates');
  other.destroy();
  await vi.waitFor(() => store.ping(), PATIENCE);
  expect(store.label).toMatch(/^MariaDB/);
  await store.close();
});

test('a change of a table that is silent for longer than a connection may be is not cut off', async () => {
  const url = await server.database();
  const first = await openMysql(url);
  const ada = await addPerson(first);
  const room = await addRoom(first, ada);
  const before = kept(await append(first, [typed(room, ada)]));
  await first.close();
  const name = databaseIn(url);
  await server.query(`drop index messages_room_id_id_index on ${name}.messages`);
  await server.query(`delete from ${name}.mikro_orm_migrations where name = '005-folded-search'`);
  const reader = await openSession();
  await reader.query('begin');
  await reader.query(`select count(*) from ${name}.messages`);
  const opening = openMysql(url, { silentMs: 1_500 });
  const isStuck = "state = 'Waiting for table metadata lock' and time_ms > 2500";
  await vi.waitFor(async () => expect(await sessions(isStuck)).toBe(1), PATIENCE);
  await reader.query('commit');
  reader.destroy();
  const store = await opening;
  expect(await store.listMessages(room, { limit: 10 })).toEqual(before);
  await store.close();
});

describe('a start on a server that is read-only', () => {
  afterEach(() => server.query('set global read_only = 0'));
  const REFUSED = { reason: 'store_unavailable', retryable: true };

  test('serves reads if there is nothing to migrate, and writes once the server is a primary', async () => {
    const url = await server.database('all');
    const first = await openMysql(url);
    const ada = await addPerson(first);
    await first.close();
    await server.query('set global read_only = 1');
    const store = await openStoreOrWait(url, () => {});
    expect(store.label).toMatch(/^MariaDB/);
    expect(await store.findUser(ada.id)).toEqual(ada);
    await expect(store.ping()).rejects.toMatchObject(REFUSED);
    await server.query('set global read_only = 0');
    await store.ping();
    await store.close();
  });

  test('waits if there is something to migrate, and is there once the server is a primary', async () => {
    const url = await server.database('all');
    await server.query('set global read_only = 1');
    const told: unknown[] = [];
    const store = await openStoreOrWait(url, (error) => told.push(error));
    expect(told).toMatchObject([{ errno: 1_290 }]);
    await expect(store.ping()).rejects.toMatchObject(REFUSED);
    await server.query('set global read_only = 0');
    await vi.waitFor(() => store.ping(), PATIENCE);
    await store.close();
  });
});

test('a server that waits goes on although it is refused meanwhile, and callers are told to try again', async () => {
  const url = await server.database('all');
  const user = new URL(url).username;
  await server.query('set global read_only = 1');
  const told: unknown[] = [];
  const store = await openStoreOrWait(url, (error) => told.push(error));
  await server.query(`revoke all on ${databaseIn(url)}.* from ${user}@'%'`);
  await server.query('set global read_only = 0');
  await vi.waitFor(
    () => expect(told).toContainEqual(expect.objectContaining({ reason: 'store_refused' })),
    PATIENCE,
  );
  await expect(store.ping()).rejects.toMatchObject({ reason: 'store_unavailable', retryable: true });
  await server.query(`grant all on ${databaseIn(url)}.* to ${user}@'%'`);
  await vi.waitFor(() => store.ping(), PATIENCE);
  await store.close();
});
