import type { PoolConnection } from 'mysql2';

/** A server that hangs in these statements does not hold up the caller for longer. */
const PIN_MS = 5_000;

const SQL_MODE = [
  ...['ONLY_FULL_GROUP_BY', 'STRICT_TRANS_TABLES', 'NO_ZERO_IN_DATE', 'NO_ZERO_DATE'],
  ...['ERROR_FOR_DIVISION_BY_ZERO', 'NO_ENGINE_SUBSTITUTION'],
].join(',');

/**
 * Everything in which a server's defaults could change what is kept or found. MySQL alone runs the comment that begins
 * with `!80000`, MariaDB alone the one that begins with `M!`: a time limit has a name of its own in each.
 */
const STATEMENTS = [
  `set session sql_mode = '${SQL_MODE}', time_zone = '+00:00', autocommit = 1, completion_type = 0,
    sql_safe_updates = 0, sql_select_limit = 18446744073709551615, sql_big_selects = 1, sql_auto_is_null = 0,
    foreign_key_checks = 1, unique_checks = 1, default_storage_engine = InnoDB, wait_timeout = 28800,
    innodb_lock_wait_timeout = 20, lock_wait_timeout = 60
    /*!80000 , max_execution_time = 0 */ /*M! , max_statement_time = 0 */`,
  'set session transaction isolation level repeatable read, read write',
  'set names utf8mb4 collate utf8mb4_bin',
];

/**
 * Pins the session's settings, so that the server's defaults decide nothing.
 * @throws the driver's error. The connection must then not be used.
 */
export async function pinSession(connection: PoolConnection): Promise<void> {
  for (const sql of STATEMENTS) {
    await new Promise<void>((resolve, reject) => {
      connection.query({ sql, timeout: PIN_MS }, (error) => (error ? reject(error) : resolve()));
    });
  }
}
