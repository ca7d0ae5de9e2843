import { LockMode } from '@mikro-orm/core';
import type { Dialect, Fragment } from './dialect.ts';
import { readHeads } from './roomTable.ts';
import type { MessageSearch } from './store.ts';

const lockHeads: Dialect['lockHeads'] = (em, roomIds) => readHeads(em, roomIds, LockMode.PESSIMISTIC_WRITE);

/** Words are found by a full-text index over pairs of characters, which Korean needs. */
export const mysqlDialect: Dialect = {
  lockHeads,
  searchMessages: (scope, search) =>
    newestFirst(scope, search, {
      sql: 'match (m.text) against (? in boolean mode)',
      params: [`"${search.words.replaceAll('"', ' ')}"`],
    }),
};

/** MariaDB has no such index: it looks at the messages one by one, newest first. */
export const mariadbDialect: Dialect = {
  lockHeads,
  searchMessages: (scope, search) =>
    newestFirst(scope, search, {
      sql: "m.text like concat('%', ?, '%')",
      params: [search.words.replace(/[\\%_]/g, '\\$&')],
    }),
};

/** Ids grow with time, over all rooms. */
function newestFirst(scope: Fragment, { cursor, limit }: MessageSearch, holds: Fragment): Fragment {
  return {
    sql: `select m.id as id from messages m where ${holds.sql} and ${scope.sql}
      ${cursor ? 'and m.id < ?' : ''} order by m.id desc limit ?`,
    params: [...holds.params, ...scope.params, ...(cursor ? [cursor] : []), limit],
  };
}
