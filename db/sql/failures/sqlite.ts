import type { Meaning } from './meaning.ts';

/**
 * SQLite's extended result codes (https://sqlite.org/rescode.html). The codes that are not here count by their primary
 * code, the low byte.
 */
const ERRORS: ReadonlyMap<number, Meaning> = new Map<number, Meaning>([
  [5, 'busy'], // SQLITE_BUSY
  [6, 'later'], // SQLITE_LOCKED
  [7, 'later'], // SQLITE_NOMEM
  [8, 'forbidden'], // SQLITE_READONLY: also a file system that was remounted after an error of its disk
  [10, 'later'], // SQLITE_IOERR: also a file at the size that the process may write
  [13, 'later'], // SQLITE_FULL
  [14, 'forbidden'], // SQLITE_CANTOPEN
  [1_555, 'duplicate'], // SQLITE_CONSTRAINT_PRIMARYKEY
  [2_067, 'duplicate'], // SQLITE_CONSTRAINT_UNIQUE
]);

/** What an error of SQLite means. Node's driver puts the code on the error, and the ORM keeps it. */
export function meaningInSqlite(error: unknown): Meaning | undefined {
  const { errcode } = (error ?? {}) as { errcode?: unknown };
  if (typeof errcode !== 'number') return undefined;
  return ERRORS.get(errcode) ?? ERRORS.get(errcode & 0xff);
}
