import type { MessageSearch } from '../store.ts';
import type { Sql } from './database.ts';
import type { Heads } from './heads.ts';

/** Some SQL, with a question mark for each of its parameters. */
export type Fragment = { sql: string; params: (string | number)[] };

/** Where the databases differ beyond what the ORM evens out. */
export type Dialect = {
  /** Begins a transaction that will write. */
  begin: string;
  /** Takes the rooms' row locks, in id order, and reads where they are; unknown rooms are missing. */
  lockHeads: (sql: Sql, roomIds: string[]) => Promise<Heads>;
  /** An ISO 8601 time as a column of times holds it. */
  time: (iso: string) => string | number;
  /** What a statement says after the table's name to go by this index, where the optimizer must be told. */
  by: (index: string) => string;
  /** What an insert says after its values to change the row that has the same `key` (column names) instead. */
  orUpdate: (key: string) => string;
  /**
   * Queries for the `id` of messages that hold the words, newest first, of which the first that can be run answers; case
   * is folded by the database's own rules.
   * @param scope which messages come into question: a condition on the row `m`.
   */
  searchMessages: (scope: Fragment, search: MessageSearch) => Fragment[];
};
