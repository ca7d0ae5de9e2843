import type { Dialect, Fragment } from '../sql/dialect.ts';
import { readHeads } from '../sql/heads.ts';

export const sqliteDialect: Dialect = {
  /** Takes the write lock of the whole file at once, so that a transaction fails as busy here or not at all. */
  begin: 'begin immediate',
  lockHeads: readHeads,
  toTimeValue: (iso) => Date.parse(iso),
  indexHint: () => '',
  onDuplicateUpdate: (key) => `on conflict (${key}) do update set`,

  searchQueries: (scope, { words, cursor, limit }) => {
    const contains = [...words].length < 3 ? beginsTrigram(words) : isPhrase(words);
    const query = {
      sql: `select m.id as id from message_search
        join search_rows on search_rows.row = message_search.rowid
        join messages m on m.id = search_rows.message_id
        where ${contains.sql} and ${scope.sql}
        ${cursor ? 'and message_search.rowid < (select row from search_rows where message_id = ?)' : ''}
        order by message_search.rowid desc limit ?`,
      params: [...contains.params, ...scope.params, ...(cursor ? [cursor] : []), limit],
    };
    return [query];
  },
};

/** The index returns its rows from the newest on, so that a page reads only the rows it needs. */
function isPhrase(words: string): Fragment {
  return { sql: 'message_search match ?', params: [`"${words.replaceAll('"', '""')}"`] };
}

/** Every character begins a trigram (see the migration), so one or two characters are the beginning of a trigram. */
function beginsTrigram(characters: string): Fragment {
  const first = characters.toLowerCase();
  return {
    sql: 'message_search.rowid in (select doc from message_trigrams where term >= ? and term < ?)',
    params: [first, `${first}\u{10ffff}`],
  };
}
