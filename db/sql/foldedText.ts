import { fold } from '../../contract/fold.ts';
import { LIMITS } from '../../contract/limits.ts';
import { run, type Sql } from './database.ts';

/** A search reads folded texts one by one. Only texts of characters that fold to several are longer than this. */
const FOLDED_MAX = 3 * LIMITS.textLength;
/** Few rows in a statement, because the database looks for each row's value from the first one on. */
const FILLED_TOGETHER = 100;

/** The value of a message's column `folded`, which searches read. It goes wherever the text goes. */
export function foldedText(text: string | null): string | null {
  return text === null ? null : fold(text).slice(0, FOLDED_MAX);
}

/**
 * Folds the texts of all messages and the names of all rooms. A few rows at a time: they may be millions. It can run
 * again after a process that died in the middle, and then changes only the rows that are not filled.
 */
export async function fillFolded(sql: Sql): Promise<void> {
  await inPages<{ id: string; text: string | null }>(
    (after) =>
      run(
        sql,
        `select id, case when folded is null then text end as text from messages
          where id > ? order by id limit ${FILLED_TOGETHER}`,
        [after],
      ),
    (rows) =>
      updateFolded(
        sql,
        'messages',
        'folded',
        rows.flatMap(({ id, text }) => (text === null ? [] : [[id, foldedText(text) as string] as const])),
      ),
  );
  await inPages<{ id: string; name: string }>(
    (after) =>
      run(sql, `select id, name from chat_rooms where id > ? order by id limit ${FILLED_TOGETHER}`, [after]),
    (rows) =>
      updateFolded(
        sql,
        'chat_rooms',
        'folded_name',
        rows.map(({ id, name }) => [id, fold(name)]),
      ),
  );
}

async function inPages<Row extends { id: string }>(
  read: (after: string) => Promise<Row[]>,
  write: (rows: Row[]) => Promise<void>,
): Promise<void> {
  for (let rows = await read(''); rows.length > 0; rows = await read(rows.at(-1)?.id ?? '')) {
    await write(rows);
  }
}

async function updateFolded(
  sql: Sql,
  table: string,
  column: string,
  values: (readonly [id: string, folded: string])[],
): Promise<void> {
  if (values.length === 0) return;
  await run(
    sql,
    `update ${table} set ${column} = case id ${values.map(() => 'when ? then ?').join(' ')} end
      where id in (${values.map(() => '?').join(', ')})`,
    [...values.flat(), ...values.map(([id]) => id)],
  );
}
