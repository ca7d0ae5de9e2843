import type { Dialect, Fragment } from '../sql/dialect.ts';
import { readHeads } from '../sql/heads.ts';

export const sqliteDialect: Dialect = {
  /** SQLite locks the whole file, and with `immediate` before it reads: a transaction waits for its turn then or never. */
  begin: 'begin immediate',
  lockHeads: readHeads,
  time: (iso) => Date.parse(iso),
  by: () => '',
  orUpdate: (key) => `on conflict (${key}) do update set`,

  searchMessages: (scope, { words, cursor, limit }) => {
    const holds = [...words].length < 3 ? beginsTrigram(words) : isPhrase(words);
    const query = {
      sql: `select m.id as id from message_search
        join search_rows on search_rows.row = message_search.rowid
        join messages m on m.id = search_rows.message_id
        where ${holds.sql} and ${scope.sql}
        ${cursor ? 'and message_search.rowid < (select row from search_rows where message_id = ?)' : ''}
        order by message_search.rowid desc limit ?`,
      params: [...holds.params, ...scope.params, ...(cursor ? [cursor] : []), limit],
    };
    return [query];
  },
};

/** The index hands out its rows from the newest on, so that a page costs no more than what it looks at. */
function isPhrase(words: string): Fragment {
  return { sql: 'message_search match ?', params: [`"${words.replaceAll('"', '""')}"`] };
}

/** Every character begins a trigram, see the migration: less than three are found as the beginning of one. */
function beginsTrigram(characters: string): Fragment {
  const first = characters.toLowerCase();
  return {
    sql: 'message_search.rowid in (select doc from message_trigrams where term >= ? and term < ?)',
    params: [first, `${first}\u{10ffff}`],
  };
}
