import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test, vi } from 'vitest';
import type { Message } from '../../contract/types.ts';
import { searchMessages } from '../../server/chat/search.ts';
import { openStore } from '../open.ts';
import type { Change, Store } from '../store.ts';
import { addPerson, addRoom, append, kept, PATIENT, spoken, typed, upTo } from '../testing/material.ts';
import { Migration003Search } from './migrations/003-search.ts';
import { openSqlite } from './store.ts';

const directory = mkdtempSync(join(tmpdir(), 'roomscribe-forgetting-'));
afterAll(() => rmSync(directory, { recursive: true }));
let files = 0;
const newPath = () => join(directory, `${++files}.sqlite`);

const AT = '2026-11-27T08:17:42.007Z';
/** Long enough to fill pages of their own, short enough to share one, and typed and spoken. */
const SECRET = 'XYLOPHONE secret';
const LENGTHS = [1, 40, 240];

/** How often the secret stands in the database file and in its log. */
function traces(path: string): number {
  const files = [path, `${path}-wal`].filter(existsSync).map((file) => readFileSync(file, 'latin1'));
  return files.reduce((count, bytes) => count + bytes.split(/xylophone/i).length - 1, 0);
}

async function saySecrets(store: Store) {
  const ada = await addPerson(store);
  const room = await addRoom(store, ada);
  const said: Message[] = [];
  for (const times of upTo(90).map((i) => LENGTHS[i % 3] ?? 1)) {
    const text = SECRET.repeat(times);
    const message = times === 40 ? spoken(room, ada, AT, text) : typed(room, ada, { text });
    said.push(...kept(await append(store, [message, typed(room, ada)])).slice(0, 1));
  }
  const of = ({ id }: Message) => ({ roomId: room, messageId: id, by: ada.id, at: AT });
  // A corrected utterance keeps what was recognised. So the spoken ones are removed, and the typed ones also edited.
  const changes = said.map(
    (message, i): Change =>
      message.kind === 'text' && i % 2
        ? { type: 'edit', ...of(message), text: 'edited', mentions: [] }
        : { type: 'remove', ...of(message) },
  );
  return { ada, room, changes };
}

test('removed and edited words are gone from the file and its log within seconds', async () => {
  const path = newPath();
  const store = await openSqlite(path);
  const { changes } = await saySecrets(store);
  expect(traces(path)).toBeGreaterThan(0);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    for (const change of changes) kept(await store.commitChanges([change]));
    await vi.advanceTimersByTimeAsync(5_000);
  } finally {
    vi.useRealTimers();
  }
  expect(traces(path)).toBe(0);
  await store.close();
});

test('words stay only while another process reads the log, and are gone once it has ended', async () => {
  const path = newPath();
  const store = await openSqlite(path);
  const { changes } = await saySecrets(store);
  const reader = new DatabaseSync(path);
  reader.exec('begin');
  reader.prepare('select count(*) from messages').get();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    kept(await store.commitChanges(changes));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(traces(path)).toBeGreaterThan(0);
    reader.exec('commit');
    await vi.advanceTimersByTimeAsync(5_000);
  } finally {
    vi.useRealTimers();
  }
  expect(traces(path)).toBe(0);
  reader.close();
  await store.close();
});

test('what is to be forgotten keeps no process alive', async () => {
  const store = await openSqlite(newPath());
  const { changes } = await saySecrets(store);
  const timers = vi.spyOn(globalThis, 'setTimeout');
  kept(await store.commitChanges(changes));
  expect(timers.mock.results.map(({ value }) => (value as NodeJS.Timeout).hasRef())).toEqual([false]);
  timers.mockRestore();
  await store.close();
});

test('closing forgets at once, although another process has the file open', async () => {
  const path = newPath();
  const store = await openSqlite(path);
  const { changes } = await saySecrets(store);
  const other = new DatabaseSync(path);
  other.prepare('select count(*) from messages').get();
  kept(await store.commitChanges(changes));
  await store.close();
  expect(traces(path)).toBe(0);
  other.close();
});

/** Takes a database back to the version before the folded search, which had a full-text index and deleted carelessly. */
function takeBack(path: string, between: (database: DatabaseSync) => void): void {
  const database = new DatabaseSync(path);
  database.exec("delete from mikro_orm_migrations where name = '005-folded-search'");
  database.exec('drop index messages_room_id_id_index; alter table messages drop column folded');
  database.exec(
    'drop index members_user_id_room_id_index; create index members_user_id_index on members (user_id)',
  );
  const migration = new Migration003Search(undefined as never, undefined as never);
  migration.up();
  for (const query of migration.getQueries()) database.exec(String(query));
  between(database);
  database.close();
}

test('an upgrade folds all texts and room names, and clears the words that were removed before', async () => {
  const path = newPath();
  const first = await openStore(`sqlite:${path}`);
  const ada = await addPerson(first);
  const room = await addRoom(first, ada, { name: 'Straße' });
  await append(first, [
    ...upTo(250).map((i) => typed(room, ada, { text: `ＨＥＬＬＯ ${i}` })),
    typed(room, ada, { text: SECRET.repeat(300) }),
  ]);
  await first.close();
  takeBack(path, (database) => {
    database.exec("update chat_rooms set folded_name = 'straße'");
    database.exec('update messages set text = null, deleted_at = 1 where seq = 251');
  });
  expect(traces(path)).toBeGreaterThan(0);

  const upgraded = await openStore(`sqlite:${path}`);
  expect(traces(path)).toBe(0);
  const found = await searchMessages(upgraded, ada.id, { roomId: room, query: 'hello', limit: 300 }, PATIENT);
  expect(found.items.map(({ seq }) => seq)).toEqual(upTo(250).reverse());
  expect(await upgraded.listRooms(ada.id, { search: 'STRASSE', limit: 5 })).toHaveLength(1);
  await upgraded.close();
});
