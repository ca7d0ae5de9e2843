import { describe, expect, test } from 'vitest';
import {
  findMysqlHome,
  type MysqlServer,
  startMariadb,
  startOracleMysql,
} from '../../testing/mysqlServers.ts';
import { openStore } from '../open.ts';
import type { Store } from '../store.ts';
import { addPerson, addRoom, append, kept, spoken, typed } from '../testing/material.ts';

/** Global settings under which a server would alter, refuse or miss something in a session that pins nothing. */
const MODES: [string, string[]][] = [
  ['no backslash escapes', ["sql_mode = 'STRICT_TRANS_TABLES,NO_BACKSLASH_ESCAPES'"]],
  ['ANSI quotes, no strict mode', ["sql_mode = 'ANSI,PAD_CHAR_TO_FULL_LENGTH'"]],
  ['silent truncation', ["sql_mode = ''"]],
  [
    'a narrow character set',
    ['character_set_server = latin1', 'character_set_client = latin1', "init_connect = 'set names latin1'"],
  ],
  ['utf8mb3', ['collation_server = utf8mb3_general_ci', "init_connect = 'set names utf8mb3'"]],
  ['another time zone', ["time_zone = '+05:30'"]],
  ['no automatic commit', ['autocommit = 0', 'completion_type = 2']],
  ['dirty reads', ["init_connect = 'set session transaction isolation level read uncommitted'"]],
  ['serialized reads', ["init_connect = 'set session transaction isolation level serializable'"]],
  ['bounded answers', ['sql_select_limit = 1', 'sql_safe_updates = 1', 'max_join_size = 1']],
];
/** Changed by one of the modes, and set back before the next. */
const CHANGED = [
  ...['sql_mode', 'character_set_server', 'character_set_client', 'collation_server', 'time_zone'],
  ...['autocommit', 'completion_type', 'sql_select_limit', 'sql_safe_updates', 'max_join_size'],
];

const TEXTS = [
  ...[
    "it's",
    'C:\\temp\\',
    '\\',
    "\\'",
    'two\nlines\r\t',
    '"hi"',
    '`x`',
    '100%',
    '_?_',
    '??',
    '\\?',
    '-- x',
    '/* x */',
  ],
  ...[
    "x', null, null) -- ",
    '🍎🐶',
    '한글',
    '한글'.normalize('NFD'),
    'مرحبا',
    '\u{10FFFF}',
    'Ⅷ ｆ',
    'x '.repeat(2_000),
  ],
  ...['\u0001\u001a', ' ends with a blank ', '{"a": "\\n"}', ':name @x'],
];

const home = findMysqlHome();
const SERVERS: [string, () => Promise<MysqlServer>][] = [
  ['MariaDB', startMariadb],
  ...(home ? [['Oracle MySQL', () => startOracleMysql(home)] as [string, () => Promise<MysqlServer>]] : []),
];

/** With a user who has rights in the database only: for an administrator the server does not run `init_connect`. */
async function databaseOf(server: MysqlServer): Promise<string> {
  const url = new URL(await server.database());
  await server.query("create user if not exists app@'%' identified by 'a%'");
  await server.query(`grant all on ${url.pathname.slice(1)}.* to app@'%'`);
  url.username = 'app';
  url.password = 'a%25';
  return url.href;
}

describe.each(SERVERS)('%s', (_name, start) => {
  test('keeps every text as it was acked, whatever its defaults are', async () => {
    await using server = await start();
    const url = await databaseOf(server);
    for (const [mode, settings] of MODES) {
      for (const name of CHANGED) await server.query(`set global ${name} = default`);
      await server.query("set global init_connect = ''");
      for (const setting of settings) await server.query(`set global ${setting}`);
      const store = await openStore(url);
      await expectKept(store, mode);
      await store.close();
    }
  }, 120_000);

  test('gets no value of a caller in the text of a statement', async () => {
    await using server = await start();
    const store = await openStore(await databaseOf(server));
    await server.query("set global log_output = 'TABLE'");
    await server.query('set global general_log = 1');
    await expectKept(store, "marker'");
    await server.query('set global general_log = 0');
    const statements = (await server.query(
      "select convert(argument using utf8mb4) as text from mysql.general_log where command_type in ('Query', 'Prepare')",
    )) as { text: string }[];
    expect(statements.length).toBeGreaterThan(20);
    expect(
      statements.filter(
        ({ text }) => /🍎|marker|temp|한글|hello|0{8}-/.test(text) && !/general_log/.test(text),
      ),
    ).toEqual([]);
    await store.close();
  }, 60_000);
});

test('a server that becomes read-only is left: its connections are not used again', async () => {
  await using server = await startMariadb();
  const store = await openStore(await databaseOf(server));
  const ada = await addPerson(store);
  const room = await addRoom(store, ada);
  const connections = async () => {
    const rows = await server.query("select id from information_schema.processlist where user = 'app'");
    return (rows as { id: number }[]).map(({ id }) => id);
  };
  const before = await connections();
  expect(before.length).toBeGreaterThan(0);
  const message = typed(room, ada);
  await server.query('set global read_only = 1');
  const refused = { reason: 'store_unavailable', retryable: true };
  await expect(append(store, [message])).rejects.toMatchObject(refused);
  await expect(store.ping()).rejects.toMatchObject(refused);
  expect(await store.findUser(ada.id)).toEqual(ada);
  await server.query('set global read_only = 0');
  await store.ping();
  expect(kept(await append(store, [message])).map(({ seq }) => seq)).toEqual([1]);
  const after = await connections();
  expect(after.filter((id) => before.includes(id))).toEqual([]);
  await store.close();
}, 60_000);

async function expectKept(store: Store, mode: string): Promise<void> {
  const ada = await addPerson(store, `O'Neil \\ 🍎 ${mode}`);
  const room = await addRoom(store, ada, { name: `Room ' \\ ? 🍎 ${mode}` });
  expect(await store.findUser(ada.id), mode).toEqual(ada);
  const messages = TEXTS.map((text) => typed(room, ada, { text }));
  const heard = spoken(room, ada, '2026-01-02T03:04:05.678Z', `he said "it's \\ 🍎" ${mode}`);
  const sent = kept(await append(store, [...messages, heard]));
  expect(await store.listMessages(room, { limit: 200 }), mode).toEqual(sent);
  const [first] = sent;
  const edit = { type: 'edit', roomId: room, messageId: first?.id ?? '', by: ada.id } as const;
  kept(
    await store.commitChanges([
      { ...edit, mentions: [], text: "it's \\ 🍎", at: '2026-03-29T01:30:00.123Z' },
    ]),
  );
  const [edited] = await store.changesAfter(room, sent.length, 10);
  expect([edited?.text, edited?.editedAt], mode).toEqual(["it's \\ 🍎", '2026-03-29T01:30:00.123Z']);
  const found = await store.listRooms(ada.id, { search: `' \\ ? 🍎 ${mode}`, limit: 10 });
  expect(
    found.map(({ id }) => id),
    mode,
  ).toEqual([room]);
  expect((await store.listMembers(room, { limit: 10 })).length, mode).toBe(1);
  expect(await store.markRead(room, ada.id, 2), mode).toEqual({ seq: 2, moved: true });
  expect(await store.addSpeechSeconds(room, '2026-01-02', 1.25), mode).toBe(1.25);
}
