import type { MikroORM } from '@mikro-orm/mysql';
import { isReadOnly } from '../sql/failures/failures.ts';
import { refusal } from './refusal.ts';

/** Every table, and one of its columns. */
const TABLES = {
  users: 'id',
  chat_rooms: 'id',
  members: 'user_id',
  former_members: 'user_id',
  messages: 'id',
  speech_usage: 'room_id',
  write_proof: 'id',
};
const NAMES = Object.keys(TABLES)
  .map((name) => `'${name}'`)
  .join(', ');

/**
 * Checks that the migrated tables keep every text and undo half a transaction, and that the user may write them.
 * @throws AppError `store_refused`; the driver's error for a user with too few rights.
 */
export async function mustBeKept(orm: MikroORM): Promise<void> {
  await mustKeepEveryText(orm);
  await mustBeTransactional(orm);
  await mustBeWritable(orm);
}

/** Somebody may have converted a column to another character set. It would lose emoji. Ids are ASCII. */
async function mustKeepEveryText(orm: MikroORM): Promise<void> {
  const [narrow] = await orm.em.getConnection().execute<{ place: string; charset: string }[]>(
    `select concat(table_name, '.', column_name) as place, character_set_name as charset
      from information_schema.columns where table_schema = database() and table_name in (${NAMES})
      and character_set_name <> 'utf8mb4' and not (character_set_name = 'ascii' and column_type = 'char(36)')`,
  );
  if (!narrow) return;
  const { place, charset } = narrow;
  throw refusal(
    `The column ${place} of the database has the character set ${charset}, which cannot keep every text. Convert it to utf8mb4.`,
  );
}

async function mustBeTransactional(orm: MikroORM): Promise<void> {
  const [other] = await orm.em.getConnection().execute<{ name: string; engine: string }[]>(
    `select table_name as name, engine as engine from information_schema.tables
      where table_schema = database() and table_name in (${NAMES}) and engine <> 'InnoDB'`,
  );
  if (!other) return;
  throw refusal(
    `The table ${other.name} of the database uses the engine ${other.engine}, which cannot undo half a transaction. ` +
      'Convert it to InnoDB.',
  );
}

/**
 * Tries each kind of statement on each table, without changing a row. A read-only server passes: it serves reads, and may
 * become a primary at any time.
 */
async function mustBeWritable(orm: MikroORM): Promise<void> {
  try {
    for (const [table, column] of Object.entries(TABLES)) {
      for (const statement of [
        `insert into ${table} select * from ${table} where false`,
        `update ${table} set ${column} = ${column} where false`,
        `delete from ${table} where false`,
      ]) {
        await orm.em.getConnection().execute(statement);
      }
    }
  } catch (error) {
    if (!isReadOnly(error)) throw error;
  }
}
