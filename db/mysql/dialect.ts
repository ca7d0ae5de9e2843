import { run } from '../sql/database.ts';
import type { Dialect, Fragment } from '../sql/dialect.ts';
import { type HeadRow, toHeads } from '../sql/heads.ts';
import type { MessageSearch } from '../store.ts';

const indexHint: Dialect['indexHint'] = (index) => `force index (${index})`;

/**
 * Always uses the primary key. If the ids are a good part of a small table, the optimizer would read the whole table, and
 * InnoDB locks all rows that it reads. Two writer lanes would then lock each other's rooms.
 */
const lockHeads: Dialect['lockHeads'] = async (sql, roomIds) => {
  const rows = await run<HeadRow>(
    sql,
    `select id, last_seq as lastSeq, rev from chat_rooms ${indexHint('primary')}
      where id in (${roomIds.map(() => '?').join(', ')}) order by id for update`,
    roomIds,
  );
  return toHeads(rows);
};

/** Time columns contain UTC. */
const toTimeValue: Dialect['toTimeValue'] = (iso) =>
  new Date(iso).toISOString().replace('T', ' ').replace('Z', '');

const onDuplicateUpdate: Dialect['onDuplicateUpdate'] = () => 'on duplicate key update';

/**
 * MySQL has a full-text index over pairs of characters, which Korean needs. The index collects all results before it
 * returns the first row, and gives up on words that nearly every message contains. The second query reads the messages
 * one by one, and soon finds such words.
 */
export const mysqlDialect: Dialect = {
  begin: 'begin',
  lockHeads,
  toTimeValue,
  indexHint,
  onDuplicateUpdate,
  searchQueries: (scope, search) => [
    newestFirst(scope, search, matches(search.words)),
    newestFirst(scope, search, like(search.words)),
  ],
};

/** MariaDB has no such index. It reads the messages one by one, newest first. */
export const mariadbDialect: Dialect = {
  begin: 'begin',
  lockHeads,
  toTimeValue,
  indexHint,
  onDuplicateUpdate,
  searchQueries: (scope, search) => [newestFirst(scope, search, like(search.words))],
};

function matches(words: string): Fragment {
  return { sql: 'match (m.text) against (? in boolean mode)', params: [`"${words.replaceAll('"', ' ')}"`] };
}

function like(words: string): Fragment {
  return { sql: "m.text like concat('%', ?, '%')", params: [words.replace(/[\\%_]/g, '\\$&')] };
}

/** In one room the order is seq, which has an index. Over all rooms it is the id, because ids grow with time. */
function newestFirst(
  scope: Fragment,
  { roomId, cursor, limit }: MessageSearch,
  contains: Fragment,
): Fragment {
  const order = roomId ? 'seq' : 'id';
  return {
    sql: `select m.id as id from messages m where ${contains.sql} and ${scope.sql}
      ${cursor ? `and m.${order} < (select ${order} from messages where id = ?)` : ''}
      order by m.${order} desc limit ?`,
    params: [...contains.params, ...scope.params, ...(cursor ? [cursor] : []), limit],
  };
}
