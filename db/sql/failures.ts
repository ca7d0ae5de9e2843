import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../contract/errors.ts';
import { storeUnavailable } from '../storeUnavailable.ts';

type Methods = Record<string, (...args: never[]) => Promise<unknown>>;

/** How long a call waits for its turn at a file that another process is writing to. */
const TURN_MS = 5_000;
const ASK_AGAIN_MS = 25;

/**
 * Wraps the methods so that a database that is away or busy is a retryable AppError at the caller. For its turn at a
 * file a call waits here, where nothing else has to wait with it: SQLite's own waiting stops the whole process.
 */
export function guard<T extends Methods>(methods: T): T {
  const guarded = Object.entries(methods).map(([name, method]) => [
    name,
    async (...args: never[]) => {
      const deadline = performance.now() + TURN_MS;
      for (;;) {
        try {
          return await method(...args);
        } catch (error) {
          if (!isBusy(error) || performance.now() > deadline) throw asStoreError(error);
          await sleep(ASK_AGAIN_MS);
        }
      }
    },
  ]);
  return Object.fromEntries(guarded) as T;
}

/** What the caller is told of a driver's error. */
export function asStoreError(error: unknown): unknown {
  return isPassing(error) && !(error instanceof AppError) ? storeUnavailable(error) : error;
}

/** Whether the database is away, busy or full, so that the same call can succeed later. */
export function isPassing(error: unknown): boolean {
  return (
    (error instanceof AppError && error.retryable) || isPassingInSqlite(error) || isPassingInMysql(error)
  );
}

/** Whether the database is only away, and has not refused us: a wrong password or name does not heal by waiting. */
export function isAway(error: unknown): boolean {
  return isPassing(error) && !REFUSED.has(codeOf(error));
}

const REFUSED = new Set(['ER_ACCESS_DENIED_ERROR', 'ER_DBACCESS_DENIED_ERROR', 'ER_BAD_DB_ERROR']);

/** Whether a unique key refused a row: it may stand there already. */
export function isRepeated(error: unknown): boolean {
  return codeOf(error) === 'ER_DUP_ENTRY' || SQLITE_REPEATED.has(sqliteCodeOf(error));
}

/** CONSTRAINT_PRIMARYKEY, CONSTRAINT_UNIQUE */
const SQLITE_REPEATED = new Set([1_555, 2_067]);

/** Whether a transaction failed by bad luck, a deadlock or a connection that broke, and not because nobody answers. */
export function isWorthAnotherTry(error: unknown): boolean {
  return codeOf(error) === DEADLOCK || LOST.has(codeOf(error));
}

const DEADLOCK = 'ER_LOCK_DEADLOCK';

/** The connection broke; a new one may serve. Codes of mysql2 and of Node's sockets. */
const LOST = new Set([
  'PROTOCOL_CONNECTION_LOST',
  'ECONNRESET',
  'EPIPE',
  'ER_SERVER_SHUTDOWN',
  'ER_CLIENT_INTERACTION_TIMEOUT',
]);

/** Nobody answers, the server is full, being stopped, or a replica that may not write (a fail-over). */
const MYSQL_PASSING = new Set([
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
  'ER_OPTION_PREVENTS_STATEMENT',
  'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION',
  'ER_READ_ONLY_MODE',
  'ER_QUERY_INTERRUPTED',
  'ER_DISK_FULL',
  'ER_RECORD_FILE_FULL',
]);

function isPassingInMysql(error: unknown): boolean {
  if (MYSQL_PASSING.has(codeOf(error))) return true;
  // mysql2 says this of a connection that broke while it waited, and gives it no code.
  return error instanceof Error && /closed state|Pool is closed/.test(error.message);
}

/** Of the driver's error; the ORM, where it makes one of its own of it, keeps the code. */
function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}

/** BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN: https://sqlite.org/rescode.html */
const SQLITE_PASSING = new Set([5, 6, 8, 10, 13, 14]);

function isPassingInSqlite(error: unknown): boolean {
  return SQLITE_PASSING.has(primaryCodeOf(error));
}

/** A full-text index of MySQL's gives up on words that nearly every message holds. */
export function isTooCommon(error: unknown): boolean {
  return codeOf(error) === 'HA_ERR_FTS_EXCEED_RESULT_CACHE_LIMIT';
}

/** Another process writes: nothing of what was to be written has been. */
export function isBusy(error: unknown): boolean {
  return primaryCodeOf(error) === 5;
}

/** The low byte of the extended code. */
function primaryCodeOf(error: unknown): number {
  return sqliteCodeOf(error) & 0xff;
}

/** The extended result code, which Node's driver puts on the error, and the ORM keeps. */
function sqliteCodeOf(error: unknown): number {
  const { errcode } = (error ?? {}) as { errcode?: unknown };
  return typeof errcode === 'number' ? errcode : 0;
}
