import type { PoolConnection } from 'mysql2';

const SQL_MODE = [
  ...['ONLY_FULL_GROUP_BY', 'STRICT_TRANS_TABLES', 'NO_ZERO_IN_DATE', 'NO_ZERO_DATE'],
  ...['ERROR_FOR_DIVISION_BY_ZERO', 'NO_ENGINE_SUBSTITUTION'],
].join(',');

/**
 * Everything in which a server's defaults could change what is kept or found. MySQL alone runs the comment that begins
 * with `!80000`, MariaDB alone the one that begins with `M!`: a time limit has a name of its own in each.
 */
const PINS = [
  `set session sql_mode = '${SQL_MODE}', time_zone = '+00:00', autocommit = 1, completion_type = 0,
    sql_safe_updates = 0, sql_select_limit = 18446744073709551615, sql_big_selects = 1, sql_auto_is_null = 0,
    foreign_key_checks = 1, unique_checks = 1, default_storage_engine = InnoDB, wait_timeout = 28800,
    max_sort_length = 1024, innodb_lock_wait_timeout = 5, lock_wait_timeout = 60
    /*!80000 , max_execution_time = 0 */ /*M! , max_statement_time = 0 */`,
  'set session transaction isolation level repeatable read, read write',
  'set names utf8mb4 collate utf8mb4_bin',
];

/**
 * Pins the session's settings, so that the server's defaults decide nothing.
 * @throws the driver's error, also if the server does not answer within `withinMs`. The connection must then not be used.
 */
export async function pinSession(connection: PoolConnection, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (const sql of PINS) await ask(connection, sql, deadline - performance.now());
}

type Role = { readOnly: number | string; innodbReadOnly: number | string };

/**
 * Asks whether the server of this connection is a replica, or became one in a fail-over.
 * @throws the driver's error, also if the server does not answer within `withinMs`.
 */
export async function isReplica(connection: PoolConnection, withinMs: number): Promise<boolean> {
  const sql = 'select @@global.read_only as readOnly, @@global.innodb_read_only as innodbReadOnly';
  const [role] = (await ask(connection, sql, withinMs)) as [Role];
  // Newer MariaDBs answer with words.
  return [role.readOnly, role.innodbReadOnly].some((value) => !['0', 'OFF'].includes(String(value)));
}

function ask(connection: PoolConnection, sql: string, withinMs: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timeout = Math.max(1, withinMs);
    connection.query({ sql, timeout }, (error, rows) => (error ? reject(error) : resolve(rows)));
  });
}
