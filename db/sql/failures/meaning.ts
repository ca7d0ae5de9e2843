/**
 * What a failure of the database means for the connection, the transaction and the caller.
 *
 * - `lost`: the connection is broken, or the server no longer knows it. Nothing is known of a transaction that ran.
 * - `silent`: the server did not answer in time. The connection has been given up.
 * - `read_only`: the server refuses to write, as a primary does that a fail-over has demoted.
 * - `conflict`: the database has undone the transaction, because of another one. It can run again at once.
 * - `busy`: another process holds SQLite's write lock. Nothing was written.
 * - `forbidden`: this process may not open or write SQLite's file.
 * - `later`: the same call can succeed later on the same connection: a full disk, a lock, too many connections.
 * - `refused`: the server refuses this user, this database or this kind of connection, and waiting does not help.
 * - `duplicate`: a unique key refused a row.
 *
 * Every other failure is the fault of one statement, and has no meaning here.
 */
export type Meaning =
  | 'lost'
  | 'silent'
  | 'read_only'
  | 'conflict'
  | 'busy'
  | 'forbidden'
  | 'later'
  | 'refused'
  | 'duplicate';
