import { run } from '../sql/database.ts';
import type { Dialect, Fragment } from '../sql/dialect.ts';
import { type HeadRow, headsOf } from '../sql/heads.ts';
import type { MessageSearch } from '../store.ts';

const by: Dialect['by'] = (index) => `force index (${index})`;

/**
 * By the primary key, always: for a list that holds a good part of a small table the optimizer reads the whole table, and
 * InnoDB locks what it reads. Two lanes would then hold each other's rooms.
 */
const lockHeads: Dialect['lockHeads'] = async (sql, roomIds) => {
  const rows = await run<HeadRow>(
    sql,
    `select id, last_seq as lastSeq, rev from chat_rooms ${by('primary')}
      where id in (${roomIds.map(() => '?').join(', ')}) order by id for update`,
    roomIds,
  );
  return headsOf(rows);
};

/** Times are kept in UTC, and the connection says so. */
const time: Dialect['time'] = (iso) => new Date(iso).toISOString().replace('T', ' ').replace('Z', '');

const orUpdate: Dialect['orUpdate'] = () => 'on duplicate key update';

/**
 * Words are found by a full-text index over pairs of characters, which Korean needs. It gathers all that it finds before
 * the first row comes, and gives up on words that nearly every message holds: those are soon found one by one.
 */
export const mysqlDialect: Dialect = {
  begin: 'begin',
  lockHeads,
  time,
  by,
  orUpdate,
  searchMessages: (scope, search) => [
    newestFirst(scope, search, matches(search.words)),
    newestFirst(scope, search, like(search.words)),
  ],
};

/** MariaDB has no such index: it looks at the messages one by one, newest first. */
export const mariadbDialect: Dialect = {
  begin: 'begin',
  lockHeads,
  time,
  by,
  orUpdate,
  searchMessages: (scope, search) => [newestFirst(scope, search, like(search.words))],
};

function matches(words: string): Fragment {
  return { sql: 'match (m.text) against (? in boolean mode)', params: [`"${words.replaceAll('"', ' ')}"`] };
}

function like(words: string): Fragment {
  return { sql: "m.text like concat('%', ?, '%')", params: [words.replace(/[\\%_]/g, '\\$&')] };
}

/** Within a room by its numbering, for which there is an index; over all rooms by id, because ids grow with time. */
function newestFirst(scope: Fragment, { roomId, cursor, limit }: MessageSearch, holds: Fragment): Fragment {
  const place = roomId ? 'seq' : 'id';
  return {
    sql: `select m.id as id from messages m where ${holds.sql} and ${scope.sql}
      ${cursor ? `and m.${place} < (select ${place} from messages where id = ?)` : ''}
      order by m.${place} desc limit ?`,
    params: [...holds.params, ...scope.params, ...(cursor ? [cursor] : []), limit],
  };
}
