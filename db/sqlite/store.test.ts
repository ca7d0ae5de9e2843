import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, test, vi } from 'vitest';
import type { User } from '../../contract/types.ts';
import { openStoreOrWait } from '../lateStore.ts';
import { openStore } from '../open.ts';
import { Database, run } from '../sql/database.ts';
import { createSqlStore } from '../sql/sqlStore.ts';
import type { Task } from '../testing/appendInThread.ts';
import { addPerson, addRoom, append, kept, NOBODY, NOWHERE, typed, upTo } from '../testing/material.ts';
import { describeStore } from '../testing/storeContract.ts';
import { connectSqlite } from './connect.ts';
import { sqliteDialect } from './dialect.ts';
import { migrations } from './migrations/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'roomscribe-sqlite-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
let files = 0;
const newPath = () => join(directory, `${++files}.sqlite`);

describeStore('SQLite in a file', () => openStore(`sqlite:${newPath()}`));
describeStore('SQLite in memory', () => openStore('sqlite::memory:'));

describe('SQLite', () => {
  test('a connection uses a write-ahead log, full sync, a short busy timeout and foreign keys', async () => {
    const orm = await connectSqlite(newPath());
    const pragma = async (name: string) => {
      const [row] = await orm.em.getConnection().execute<[object]>(`pragma ${name}`);
      return Object.values(row)[0];
    };
    expect(await pragma('journal_mode')).toBe('wal');
    expect(await pragma('synchronous')).toBe(2);
    expect(await pragma('busy_timeout')).toBe(50);
    expect(await pragma('foreign_keys')).toBe(1);
    await orm.close(true);
  });

  test('a store that is opened again has all data, and does not migrate again', async () => {
    const path = newPath();
    const first = await openStore(`sqlite:${path}`);
    const ada = await addPerson(first);
    const room = await addRoom(first, ada);
    const before = kept(await append(first, [typed(room, ada), typed(room, ada)]));
    await first.close();

    const second = await openStore(`sqlite:${path}`);
    expect(await second.listMessages(room, { limit: 10 })).toEqual(before);
    expect(await second.findUser(ada.id)).toEqual(ada);
    expect(kept(await append(second, [typed(room, ada)]))[0]?.seq).toBe(3);
    await second.close();
    expect(migrationsApplied(path)).toEqual(migrations.map(({ name }) => name));
  });

  test('a room that had lost its owner before gets a new one: the longest-standing member', async () => {
    const path = newPath();
    const old = await openStore(`sqlite:${path}`);
    const [ada, ben, cleo] = await Promise.all(['Ada', 'Ben', 'Cleo'].map((name) => addPerson(old, name)));
    const [orphaned, owned] = [await addRoom(old, ada as User), await addRoom(old, ada as User)];
    for (const room of [orphaned, owned]) {
      await old.addMember(room, cleo?.id ?? '', new Date(2_000));
      await old.addMember(room, ben?.id ?? '', new Date(1_000));
    }
    await old.close();
    const database = new DatabaseSync(path);
    database.exec('drop table former_members');
    database.exec("delete from mikro_orm_migrations where name = '007-former-members'");
    database.exec(`delete from members where room_id = '${orphaned}' and user_id = '${ada?.id}'`);
    database.close();
    const store = await openStore(`sqlite:${path}`);
    const rolesIn = (room: string) =>
      Promise.all([ada, ben, cleo].map((person) => store.findRole(room, person?.id ?? '')));
    expect(await rolesIn(orphaned)).toEqual([null, 'owner', 'member']);
    expect(await rolesIn(owned)).toEqual(['owner', 'member', 'member']);
    await store.close();
  });

  test('processes that open a new file together migrate it once, and number one room without gaps', async () => {
    const path = newPath();
    await inThreads(3, { url: `sqlite:${path}`, roomId: NOWHERE, author: NOBODY, batches: 0, batchSize: 0 });
    expect(migrationsApplied(path)).toEqual(migrations.map(({ name }) => name));

    const store = await openStore(`sqlite:${path}`);
    const author = await addPerson(store);
    const roomId = await addRoom(store, author);
    const task = { url: `sqlite:${path}`, roomId, author, batches: 8, batchSize: 3 };
    const seqs = (await inThreads(2, task)).flat();
    expect(seqs.sort((a, b) => a - b)).toEqual(upTo(48));
    expect((await store.heads([roomId])).get(roomId)).toEqual({ lastSeq: 48, rev: 48 });
    await store.close();
  });

  test('a lock that another process does not release fails the whole batch with a retryable error', async () => {
    const path = newPath();
    const orm = await connectSqlite(path);
    const store = createSqlStore(orm, sqliteDialect, 'test');
    const ada = await addPerson(store);
    const room = await addRoom(store, ada);
    const other = new DatabaseSync(path);
    other.exec('begin immediate');
    const messages = [typed(room, ada), typed(room, ada)];
    const unavailable = { reason: 'store_unavailable', retryable: true, code: 'SERVICE_UNAVAILABLE' };
    await Promise.all([
      expect(append(store, messages)).rejects.toMatchObject(unavailable),
      expect(store.addMember(room, ada.id, new Date())).rejects.toMatchObject(unavailable),
    ]);
    other.exec('rollback');
    other.close();
    expect(kept(await append(store, messages)).map(({ seq }) => seq)).toEqual([1, 2]);
    await store.close();
  });

  test('a write that waits for another process’s lock does not hold up reads', async () => {
    const path = newPath();
    const store = await openStore(`sqlite:${path}`);
    const ada = await addPerson(store);
    const room = await addRoom(store, ada);
    const other = new DatabaseSync(path);
    other.exec('begin immediate');
    const waiting = append(store, [typed(room, ada)]);
    const reads = [];
    for (let i = 0; i < 5; i += 1) reads.push(await store.findUser(ada.id));
    expect(reads).toHaveLength(5);
    other.exec('rollback');
    other.close();
    expect(kept(await waiting)[0]?.seq).toBe(1);
    await store.close();
  });

  test('a transaction that SQLite rolls back by itself, as on a full disk, leaves no lock behind', async () => {
    const database = new Database(await connectSqlite(newPath()), sqliteDialect.begin);
    const failure = database.transaction(async (sql) => {
      await run(sql, 'rollback');
      throw new Error('database or disk is full');
    });
    await expect(failure).rejects.toThrow('full');
    expect(await database.transaction((sql) => run(sql, 'select 1 as one'))).toEqual([{ one: 1 }]);
    await database.close();
  });

  test('a full disk fails with a retryable error; the next message that fits has no gap before its number', async () => {
    const orm = await connectSqlite(newPath());
    const store = createSqlStore(orm, sqliteDialect, 'test');
    const ada = await addPerson(store);
    const room = await addRoom(store, ada);
    const limitPages = (count: number) => orm.em.getConnection().execute(`pragma max_page_count = ${count}`);
    await limitPages(1);
    const large = typed(room, ada, { text: 'x'.repeat(200_000) });
    await expect(append(store, [typed(room, ada), large])).rejects.toMatchObject({
      reason: 'store_unavailable',
      retryable: true,
    });
    await limitPages(1_000_000);
    expect(kept(await append(store, [large]))[0]?.seq).toBe(1);
    await store.close();
  });

  test('a file that has become read-only fails with a retryable error, is read, and is written again once it may be', async () => {
    const orm = await connectSqlite(newPath());
    const store = createSqlStore(orm, sqliteDialect, 'test');
    const ada = await addPerson(store);
    const room = await addRoom(store, ada);
    const message = typed(room, ada);
    // SQLite answers as for a file system that was mounted anew, read-only. The rights of a file do not bind root.
    await orm.em.getConnection().execute('pragma query_only = 1');
    const refused = { reason: 'store_unavailable', retryable: true, cause: { errcode: 8 } };
    await expect(append(store, [message])).rejects.toMatchObject(refused);
    await expect(store.ping()).rejects.toMatchObject(refused);
    expect(await store.findUser(ada.id)).toEqual(ada);
    await orm.em.getConnection().execute('pragma query_only = 0');
    await store.ping();
    expect(kept(await append(store, [message]))[0]?.seq).toBe(1);
    await store.close();
  });

  test('gets no value of a caller in the text of a statement', async () => {
    const prepare = vi.spyOn(DatabaseSync.prototype, 'prepare');
    const orm = await connectSqlite(newPath());
    const store = createSqlStore(orm, sqliteDialect, 'test');
    const ada = await addPerson(store, "marker' \\ ? 한글");
    const room = await addRoom(store, ada, { name: 'marker ?? \\? \u0000', language: 'ko' });
    const sent = kept(
      await append(
        store,
        ["marker '); drop table users; --", 'marker'].map((text) => typed(room, ada, { text })),
      ),
    );
    expect(await store.findUser(ada.id)).toEqual(ada);
    expect(await store.findRoom(room, ada.id)).toMatchObject({
      name: 'marker ?? \\? \u0000',
      language: 'ko',
    });
    expect(await store.listRooms(ada.id, { search: 'MARKER ??', limit: 5 })).toMatchObject([{ id: room }]);
    expect(await store.listMessages(room, { limit: 9 })).toEqual(sent);
    const statements = prepare.mock.calls.map(([sql]) => sql);
    vi.restoreAllMocks();
    expect(statements.length).toBeGreaterThan(10);
    expect(
      statements.filter((sql) => /marker|한글|drop table users|[0-9a-f]{8}-[0-9a-f]{4}-/i.test(sql)),
    ).toEqual([]);
    await store.close();
  });

  test.each([
    ['a folder', () => directory],
    ['a file in a place that is no folder', () => join(import.meta.filename, 'a.sqlite')],
    ['a file in a folder that nobody can make', () => '/sys/nowhere/a.sqlite'],
  ])('%s is refused at a start, in a sentence that says what to do', async (_name, path) => {
    const opening = openStoreOrWait(`sqlite:${path()}`, () => {});
    await expect(opening).rejects.toMatchObject({ reason: 'store_refused', retryable: false });
    await expect(opening).rejects.toThrow(`${path()} cannot be opened for writing`);
  });

  test('a closed store refuses all calls', async () => {
    const store = await openStore(`sqlite:${newPath()}`);
    const ada = await addPerson(store);
    await store.close();
    await expect(store.findUser(ada.id)).rejects.toMatchObject({ reason: 'store_unavailable' });
    await expect(append(store, [typed('a room', ada)])).rejects.toMatchObject({ retryable: true });
  });

  test.each(['postgres://ada:secret@host/db', 'sqlite:', ''])(
    'the URL “%s” is refused in words that leave out its password',
    async (url) => {
      const refusal = await openStore(url).catch((error: Error) => error.message);
      expect(refusal).toMatch(/^DATABASE_URL must be/);
      expect(refusal).not.toContain('secret');
    },
  );
});

function migrationsApplied(path: string): unknown[] {
  const database = new DatabaseSync(path);
  const rows = database.prepare('select name from mikro_orm_migrations').all();
  database.close();
  return rows.map(({ name }) => name);
}

function inThreads(threads: number, task: Omit<Task, 'gate' | 'threads'>): Promise<number[][]> {
  const gate = new Int32Array(new SharedArrayBuffer(8));
  return Promise.all(upTo(threads).map(() => inThread({ ...task, gate, threads })));
}

async function inThread(task: Task): Promise<number[]> {
  const worker = new Worker(new URL('../testing/appendInThread.ts', import.meta.url), { workerData: task });
  // Wait for both events from the start, because the exit can come in the same tick as the message.
  const [[seqs]] = await Promise.all([once(worker, 'message') as Promise<[number[]]>, once(worker, 'exit')]);
  return seqs;
}
