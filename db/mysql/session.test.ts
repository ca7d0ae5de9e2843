import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Message } from '../../contract/types.ts';
import { searchMessages } from '../../server/chat/search.ts';
import {
  findMysqlHome,
  type MysqlServer,
  startMariadb,
  startOracleMysql,
} from '../../testing/mysqlServers.ts';
import { openStore } from '../open.ts';
import type { Store } from '../store.ts';
import { addPerson, addRoom, append, kept, PATIENT, spoken, typed } from '../testing/material.ts';

/**
 * Global settings under which a server would alter, refuse or miss something in a session that pins nothing. Those in
 * `init_connect` are what a server does to the session itself.
 */
const MODES: [string, string[]][] = [
  ['no backslash escapes', ["sql_mode = 'STRICT_TRANS_TABLES,NO_BACKSLASH_ESCAPES'"]],
  ['ANSI quotes, no strict mode', ["sql_mode = 'ANSI,PAD_CHAR_TO_FULL_LENGTH'"]],
  ['silent truncation', ["sql_mode = ''"]],
  [
    'other precedences',
    ["sql_mode = 'HIGH_NOT_PRECEDENCE,NO_UNSIGNED_SUBTRACTION,IGNORE_SPACE,NO_AUTO_VALUE_ON_ZERO'"],
  ],
  [
    'a narrow character set',
    ['character_set_server = latin1', 'character_set_client = latin1', "init_connect = 'set names latin1'"],
  ],
  ['utf8mb3', ['collation_server = utf8mb3_general_ci', "init_connect = 'set names utf8mb3'"]],
  ['answers in another character set', ["init_connect = 'set character_set_results = koi8r'"]],
  ['another time zone', ["time_zone = '+05:30'"]],
  ['no automatic commit', ['autocommit = 0', 'completion_type = 2']],
  ['dirty reads', ["init_connect = 'set session transaction isolation level read uncommitted'"]],
  ['serialized reads', ["init_connect = 'set session transaction isolation level serializable'"]],
  ['read-only transactions', ["init_connect = 'set session transaction read only'"]],
  ['bounded answers', ['sql_select_limit = 1', 'sql_safe_updates = 1', 'max_join_size = 1']],
  ['bounded values', ['max_sort_length = 64', 'group_concat_max_len = 4', 'div_precision_increment = 0']],
  ['a null that is the last id', ['sql_auto_is_null = 1']],
  ['no checks of keys', ["init_connect = 'set foreign_key_checks = 0, unique_checks = 0'"]],
  ['tables without transactions', ['default_storage_engine = MyISAM']],
  ['times that fill themselves', ['explicit_defaults_for_timestamp = 0']],
];
const MARIADB_MODES: [string, string[]][] = [
  ['Oracle', ["sql_mode = 'ORACLE,EMPTY_STRING_IS_NULL'"]],
  ['SQL Server', ["sql_mode = 'MSSQL'"]],
  ['DB2', ["sql_mode = 'DB2,SIMULTANEOUS_ASSIGNMENT,TIME_ROUND_FRACTIONAL'"]],
  ['conflicts with the snapshot', ['innodb_snapshot_isolation = 1']],
];
const MYSQL_MODES: [string, string[]][] = [
  ['times cut short', ["sql_mode = 'TIME_TRUNCATE_FRACTIONAL'"]],
  ['another collation', ['default_collation_for_utf8mb4 = utf8mb4_general_ci']],
  ['keys for all tables', ['sql_require_primary_key = 1', 'sql_generate_invisible_primary_key = 1']],
];

/** Sets the server up anew. A setting of an earlier mode goes back to its default. */
async function setGlobals(server: MysqlServer, all: string[], settings: string[]): Promise<void> {
  for (const name of new Set(all.map((setting) => setting.split(' = ')[0]))) {
    await server.query(`set global ${name} = ${name === 'init_connect' ? "''" : 'default'}`);
  }
  // Only the last `init_connect` would count.
  const sessions = settings.filter((setting) => setting.startsWith('init_connect'));
  for (const setting of settings)
    if (!sessions.includes(setting)) await server.query(`set global ${setting}`);
  if (sessions.length > 0) {
    const statements = sessions.map((setting) => /'(.*)'/.exec(setting)?.[1]);
    await server.query(`set global init_connect = '${statements.join('; ')}'`);
  }
}

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
    "hello', null, null, null, now(3), null, null, null, null) -- injected",
    "\\'); delete from messages; -- ",
    '\\"); drop table users; -- ',
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
type Kind = [string, (options?: string[]) => Promise<MysqlServer>, [string, string[]][]];
const SERVERS: Kind[] = [['MariaDB', startMariadb, [...MODES, ...MARIADB_MODES]]];
if (home) {
  SERVERS.push(['Oracle MySQL', (options) => startOracleMysql(home, options), [...MODES, ...MYSQL_MODES]]);
}

describe.each(SERVERS)('%s', (name, start, modes) => {
  const all = modes.flatMap(([, settings]) => settings);

  test('keeps every text as it was acked, whatever its defaults are', async () => {
    await using server = await start();
    for (const [mode, settings] of modes) {
      await setGlobals(server, all, settings);
      await expectKeptIn(server, mode);
    }
    // Several of them together.
    await fc.assert(
      fc.asyncProperty(fc.subarray(modes, { minLength: 2, maxLength: 5 }), async (some) => {
        await setGlobals(
          server,
          all,
          some.flatMap(([, settings]) => settings),
        );
        await expectKeptIn(server, `${some.map(([mode]) => mode)}`.slice(0, 40));
      }),
      { numRuns: Number(process.env.RUNS ?? 4) },
    );
  }, 240_000);

  test('keeps every text with options that a server has from its start', async () => {
    await using server = await start([
      ...[
        '--character-set-server=utf8mb3',
        '--init-connect=SET NAMES utf8mb3',
        '--sql-mode=NO_BACKSLASH_ESCAPES',
      ],
      // MySQL takes the first only when its files are made, and 9.7 no longer knows the second.
      ...(name === 'MariaDB' ? ['--lower-case-table-names=1', '--skip-character-set-client-handshake'] : []),
      ...['--transaction-isolation=SERIALIZABLE', '--autocommit=0', '--default-time-zone=-11:00'],
    ]);
    await expectKeptIn(server, 'from the start');
  }, 60_000);

  test('gets no value of a caller in the text of a statement', async () => {
    await using server = await start();
    const store = await openStore(await server.database('all'));
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
  const store = await openStore(await server.database('all'));
  const ada = await addPerson(store);
  const room = await addRoom(store, ada);
  const connections = async () => {
    const rows = await server.query("select id from information_schema.processlist where user like 'app%'");
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

test('a time limit of the server ends no statement', async () => {
  await using server = await startMariadb();
  const url = await server.database('all');
  await server.query("set global init_connect = 'set max_statement_time = 0.3'");
  const store = await openStore(url);
  await server.query(
    `create trigger ${new URL(url).pathname.slice(1)}.slow before update on ${new URL(url).pathname.slice(1)}.write_proof
      for each row do sleep(0.6)`,
  );
  await store.ping();
  await store.ping();
  await store.close();
}, 60_000);

async function expectKeptIn(server: MysqlServer, mode: string): Promise<void> {
  const store = await openStore(await server.database('all'));
  await expectKept(store, mode);
  await store.close();
}

async function expectKept(store: Store, mode: string): Promise<void> {
  const ada = await addPerson(store, `O'Neil \\ 🍎 ${mode}`);
  const room = await addRoom(store, ada, { name: `Room ' \\ ? 🍎 ${mode}` });
  expect(await store.findUser(ada.id), mode).toEqual(ada);
  const messages = TEXTS.map((text) => typed(room, ada, { text, mentions: [ada.id] }));
  const heard = spoken(room, ada, '2026-01-02T03:04:05.678Z', `he said "it's \\ 🍎" ${mode}`);
  const sent = kept(await append(store, [...messages, heard]));
  expect(
    sent.map(({ text }) => text),
    mode,
  ).toEqual([...TEXTS, heard.text]);
  await expectRead(store, ada.id, sent, mode);
  await expectChanged(store, ada.id, sent, mode);
  expect(await store.listMembers(room, { limit: 10 }), mode).toMatchObject([
    { user: { name: ada.name }, role: 'owner' },
  ]);
  expect(await store.markRead(room, ada.id, 2), mode).toEqual({ seq: 2, moved: true });
  expect(await store.addSpeechSeconds(room, '2026-01-02', 1.25), mode).toBe(1.25);
}

/** Every path by which a message is read gives what was acked. A message that a text injected would be one too many. */
async function expectRead(store: Store, userId: string, sent: Message[], mode: string): Promise<void> {
  const room = sent[0]?.roomId ?? '';
  const ids = sent.map(({ id }) => id);
  expect(await store.listMessages(room, { limit: 200 }), mode).toEqual(sent);
  expect(await store.changesAfter(room, 0, 200), mode).toEqual(sent);
  expect(await store.findMessages(ids), mode).toEqual(sent);
  expect(await Promise.all(ids.map((id) => store.findMessage(room, id))), mode).toEqual(sent);
  expect(await store.listSpoken(room, { limit: 10 }), mode).toEqual(sent.slice(-1));
  expect(await store.listSpokenByTime(room, { from: new Date(0), limit: 10 }), mode).toEqual(sent.slice(-1));
  const newest = ids.toSorted().at(-1);
  expect(await store.newestInRooms(userId, { limit: 10 }), mode).toEqual([
    { roomId: room, newestId: newest },
  ]);
  const search = async ({ text }: Message) =>
    (await searchMessages(store, userId, { query: text ?? '', limit: 100 }, PATIENT)).items.map(
      ({ id }) => id,
    );
  for (const [i, found] of (await Promise.all(sent.map(search))).entries()) {
    expect(found, `${mode}: ${sent[i]?.text}`).toContain(ids[i]);
  }
}

async function expectChanged(store: Store, userId: string, sent: Message[], mode: string): Promise<void> {
  const { roomId, id: messageId } = sent[0] as Message;
  const change = { roomId, messageId, by: userId, at: '2026-03-29T01:30:00.123Z' };
  kept(await store.commitChanges([{ type: 'edit', ...change, mentions: [], text: "it's \\ 🍎" }]));
  const [edited] = await store.changesAfter(roomId, sent.length, 10);
  expect([edited?.text, edited?.editedAt], mode).toEqual(["it's \\ 🍎", change.at]);
  kept(await store.commitChanges([{ type: 'react', ...change, emoji: '👩‍👩‍👧', on: true }]));
  expect((await store.findMessage(roomId, messageId))?.reactions, mode).toMatchObject([{ emoji: '👩‍👩‍👧' }]);
  const found = await store.listRooms(userId, { search: `' \\ ? 🍎 ${mode}`, limit: 10 });
  expect(
    found.map(({ id }) => id),
    mode,
  ).toEqual([roomId]);
}
