import { afterAll, beforeAll, expect, test } from 'vitest';
import { type MysqlServer, startMariadb } from '../../testing/mysqlServers.ts';
import type { Meaning } from '../sql/failures/meaning.ts';
import { SERVER_ERRORS } from '../sql/failures/mysql.ts';
import type { Store } from '../store.ts';
import { addPerson, addRoom, append, kept, typed } from '../testing/material.ts';
import { openMysql } from './store.ts';

let server: MysqlServer;
let store: Store;
let database: string;
beforeAll(async () => {
  server = await startMariadb();
  const url = await server.database('all');
  database = url.split('/').at(-1) ?? '';
  store = await openMysql(url);
  // Aria keeps its rows when InnoDB's transaction is undone.
  await server.query(`create table ${database}.attempts (number int) engine = Aria`);
});
afterAll(async () => {
  await store?.close();
  await server?.[Symbol.asyncDispose]();
});

/** The server answers each insert into `table` with this error, as often as it is tried, until `heal`. */
async function failWith(table: string, number: number): Promise<void> {
  await server.query(`truncate table ${database}.attempts`);
  await server.query(
    `create trigger ${database}.failing before insert on ${database}.${table} for each row begin
      insert into ${database}.attempts values (${number});
      signal sqlstate 'HY000' set mysql_errno = ${number}, message_text = 'made by a test';
    end`,
  );
}
const heal = () => server.query(`drop trigger if exists ${database}.failing`);
async function attempts(): Promise<number> {
  const [row] = (await server.query(`select count(*) as tries from ${database}.attempts`)) as [
    { tries: number },
  ];
  return row.tries;
}
async function connections(): Promise<number[]> {
  const rows = await server.query("select id from information_schema.processlist where user like 'app%'");
  return (rows as { id: number }[]).map(({ id }) => id);
}

test.each<[number[], Meaning]>([
  [[1_290, 1_792, 1_836, 1_223, 3_100], 'read_only'],
  [[1_047, 1_053, 1_927, 2_006, 2_013, 3_032, 3_169, 4_031], 'lost'],
  [[1_020, 1_213], 'conflict'],
  [[1_021, 1_040, 1_114, 1_203, 1_205, 1_317, 3_024], 'later'],
  [[1_044, 1_045, 1_049, 1_142, 3_159], 'refused'],
])('the errors %j mean %s', (numbers, meaning) => {
  expect(numbers.map((number) => SERVER_ERRORS.get(number))).toEqual(numbers.map(() => meaning));
});

const GIVEN_UP: Meaning[] = ['lost', 'silent', 'read_only'];
const AGAIN: Meaning[] = ['lost', 'read_only', 'conflict'];

test.each([...SERVER_ERRORS].filter(([, meaning]) => meaning !== 'duplicate'))(
  'error %i (%s) is told as retryable, and nothing is kept twice or lost',
  async (number, meaning) => {
    const ada = await addPerson(store);
    const room = await addRoom(store, ada);
    const message = typed(room, ada);
    const before = await connections();
    await failWith('messages', number);
    await expect(append(store, [message])).rejects.toMatchObject({
      reason: 'store_unavailable',
      code: 'SERVICE_UNAVAILABLE',
      retryable: true,
      cause: { errno: number },
    });
    const tried = await attempts();
    await heal();
    expect(kept(await append(store, [message, typed(room, ada)])).map(({ seq }) => seq)).toEqual([1, 2]);
    const stayed = (await connections()).filter((id) => before.includes(id));
    expect({ meaning, isKept: stayed.length > 0, isTriedAgain: tried > 1 }).toEqual({
      meaning,
      isKept: !GIVEN_UP.includes(meaning),
      isTriedAgain: AGAIN.includes(meaning),
    });
  },
);

test.each([1_064, 1_146, 1_366, 1_406, 1_452])(
  'error %i is the fault of one message: the others of its batch are kept, on the same connection',
  async (number) => {
    const ada = await addPerson(store);
    const room = await addRoom(store, ada);
    const before = await connections();
    await server.query(
      `create trigger ${database}.failing before insert on ${database}.messages for each row
        if new.text = 'bad' then signal sqlstate 'HY000' set mysql_errno = ${number}; end if`,
    );
    const [good, bad, other] = await append(
      store,
      ['good', 'bad', 'other'].map((text) => typed(room, ada, { text })),
    );
    await heal();
    expect([good, other]).toMatchObject([{ message: { seq: 1 } }, { message: { seq: 2 } }]);
    expect(bad).toMatchObject({ error: { errno: number } });
    expect((await connections()).filter((id) => before.includes(id))).not.toEqual([]);
  },
);

test('a full disk is told by the storage engine in words, and another failure of the engine is about one row', async () => {
  const ada = await addPerson(store);
  const room = await addRoom(store, ada);
  const fail = (text: string) =>
    server.query(
      `create trigger ${database}.failing before insert on ${database}.messages for each row
        signal sqlstate 'HY000' set mysql_errno = 1030, message_text = '${text}'`,
    );
  await fail('Got error 28 "No space left on device" from storage engine InnoDB');
  await expect(append(store, [typed(room, ada)])).rejects.toMatchObject({ retryable: true });
  await heal();
  await fail('Got error 139 "Too big row" from storage engine InnoDB');
  expect(await append(store, [typed(room, ada)])).toMatchObject([{ error: { errno: 1_030 } }]);
  await heal();
});
