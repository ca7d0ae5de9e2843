import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../contract/errors.ts';
import { storeUnavailable } from '../storeUnavailable.ts';

type Methods = Record<string, (...args: never[]) => Promise<unknown>>;

/** How long a call waits while another process writes to the SQLite file. */
const BUSY_WAIT_MS = 5_000;
const BUSY_RETRY_MS = 25;

/**
 * Wraps a store's methods. A temporary failure of the database becomes a retryable AppError. While another process
 * writes to the SQLite file, a call is repeated until it succeeds: other calls run between the attempts, whereas SQLite's
 * own busy timeout blocks its thread, and every call there.
 */
export function guardMethods<T extends Methods>(methods: T): T {
  const guarded = Object.entries(methods).map(([name, method]) => [
    name,
    async (...args: never[]) => {
      const deadline = performance.now() + BUSY_WAIT_MS;
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await method(...args);
        } catch (error) {
          // A read-only server has written nothing, and the next attempt gets a new connection.
          const canRepeat = isBusy(error) || (isReadOnly(error) && attempt === 1);
          if (!canRepeat || performance.now() > deadline) throw toStoreError(error);
          await sleep(BUSY_RETRY_MS);
        }
      }
    },
  ]);
  return Object.fromEntries(guarded) as T;
}

/** Converts a driver's temporary error to `store_unavailable`. Other errors stay as they are. */
export function toStoreError(error: unknown): unknown {
  return isTemporary(error) && !(error instanceof AppError) ? storeUnavailable(error) : error;
}

/** Whether the same call can succeed later: the database is unreachable, busy, full or read-only. */
export function isTemporary(error: unknown): boolean {
  return (
    (error instanceof AppError && error.retryable) || isTemporaryInSqlite(error) || isTemporaryInMysql(error)
  );
}

/** Whether waiting can help. It cannot if the server refused the user, the password or the database's name. */
export function isAway(error: unknown): boolean {
  return isTemporary(error) && !REFUSED.has(codeOf(error));
}

const REFUSED = new Set(['ER_ACCESS_DENIED_ERROR', 'ER_DBACCESS_DENIED_ERROR', 'ER_BAD_DB_ERROR']);

/** Whether a unique key refused a row, perhaps because an earlier call has inserted it. */
export function isDuplicate(error: unknown): boolean {
  return codeOf(error) === 'ER_DUP_ENTRY' || SQLITE_DUPLICATE.has(sqliteCodeOf(error));
}

/** CONSTRAINT_PRIMARYKEY, CONSTRAINT_UNIQUE */
const SQLITE_DUPLICATE = new Set([1_555, 2_067]);

/** Whether to run the transaction again at once: it was lost to a deadlock, a broken connection or a read-only server. */
export function canRetryTransaction(error: unknown): boolean {
  return codeOf(error) === DEADLOCK || LOST.has(codeOf(error)) || isReadOnly(error);
}

/**
 * Whether the server refused to write, as a primary does that a fail-over has demoted. Its connection stays open, so only
 * a new one leads to the new primary.
 */
export function isReadOnly(error: unknown): boolean {
  return READ_ONLY.has(codeOf(error));
}

/** 1290, also from Aurora (the driver gives --read-only and --super-read-only the same code); 1792; 1836; 1223; 3100. */
const READ_ONLY = new Set([
  'ER_OPTION_PREVENTS_STATEMENT',
  'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION',
  'ER_READ_ONLY_MODE',
  'ER_CANT_UPDATE_WITH_READLOCK',
  'ER_RUN_HOOK_ERROR',
]);

const DEADLOCK = 'ER_LOCK_DEADLOCK';

/** The connection broke, so a new one may work. Codes of mysql2 and of Node's sockets. */
const LOST = new Set([
  'PROTOCOL_CONNECTION_LOST',
  'ECONNRESET',
  'EPIPE',
  'ER_SERVER_SHUTDOWN',
  'ER_CLIENT_INTERACTION_TIMEOUT',
]);

/**
 * The server does not answer, has no connection or disk space left, is shutting down, or is a read-only replica (as
 * during a fail-over). A refused login is here too, because it fails every call alike.
 */
const MYSQL_TEMPORARY = new Set([
  ...LOST,
  ...REFUSED,
  DEADLOCK,
  'ER_LOCK_WAIT_TIMEOUT',
  'ECONNREFUSED',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ER_CON_COUNT_ERROR',
  'ER_TOO_MANY_USER_CONNECTIONS',
  ...READ_ONLY,
  'ER_QUERY_INTERRUPTED',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'ER_MAX_PREPARED_STMT_COUNT_REACHED',
  'ER_DISK_FULL',
  'ER_RECORD_FILE_FULL',
]);

function isTemporaryInMysql(error: unknown): boolean {
  if (MYSQL_TEMPORARY.has(codeOf(error))) return true;
  // mysql2 reports a connection that broke while it was idle in these words, without a code.
  return error instanceof Error && /closed state|Pool is closed/.test(error.message);
}

/** The code of the driver's error. The ORM's own errors keep it. */
function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}

/** BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN: https://sqlite.org/rescode.html */
const SQLITE_TEMPORARY = new Set([5, 6, 8, 10, 13, 14]);

function isTemporaryInSqlite(error: unknown): boolean {
  return SQLITE_TEMPORARY.has(primaryCodeOf(error));
}

/** Whether another process held SQLite's write lock. The call has then written nothing. */
export function isBusy(error: unknown): boolean {
  return primaryCodeOf(error) === 5;
}

/** SQLite's primary result code: the low byte of the extended one. */
function primaryCodeOf(error: unknown): number {
  return sqliteCodeOf(error) & 0xff;
}

/** SQLite's extended result code. Node's driver puts it on the error, and the ORM keeps it. */
function sqliteCodeOf(error: unknown): number {
  const { errcode } = (error ?? {}) as { errcode?: unknown };
  return typeof errcode === 'number' ? errcode : 0;
}
