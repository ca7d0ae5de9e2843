import type { Sql } from './database.ts';
import type { Heads } from './heads.ts';

/** The differences between the databases that the ORM does not hide. */
export type Dialect = {
  /** The statement that begins a transaction that will write. */
  begin: string;
  /** Locks the rooms' rows in id order and reads their heads. Unknown rooms are missing from the result. */
  lockHeads: (sql: Sql, roomIds: string[]) => Promise<Heads>;
  /** Converts an ISO 8601 time to the value of a time column. */
  toTimeValue: (iso: string) => string | number;
  /** The SQL after a table's name that makes the optimizer use this index; empty where it needs no hint. */
  indexHint: (index: string) => string;
  /** The SQL after an insert's values, before the assignments that update an existing row with the same `key` columns. */
  onDuplicateUpdate: (key: string) => string;
};
