import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MikroORM } from '@mikro-orm/core';
import { Migrator } from '@mikro-orm/migrations';
import { AppError } from '../../contract/errors.ts';
import { entities } from '../sql/entities.ts';
import { isBusy, isForbidden } from '../sql/failures/failures.ts';
import { BoundSqliteDriver, EmbeddedSqlite } from './driver.ts';
import { migrations } from './migrations/index.ts';

/** 32,000 KiB. New messages write to all parts of the indexes; with the default of 2 MB they wait for pages from disk. */
const CACHE = 'cache_size = -32000';
/** The bytes of removed and edited texts are overwritten with zeros. Without it they stay in free parts of the file. */
const SECURE_DELETE = 'secure_delete = on';
/**
 * With a write-ahead log (WAL), other processes can read during a commit. With `synchronous=FULL`, a commit syncs the log
 * to the disk before it returns, so an acked message survives a power cut.
 *
 * A process may stop at any moment. The last connection that closes, also at `process.exit()`, moves the log into the
 * database file. After a SIGKILL the log stays beside the file, and the next open reads it: it has every commit, and
 * ignores a half-written one.
 */
const PRAGMAS = ['busy_timeout = 5000', 'journal_mode = wal', 'synchronous = full', SECURE_DELETE, CACHE];
/**
 * SQLite waits for another process's write lock by blocking its thread, and with it all calls to this process's SQLite
 * databases. So once the database is open, the wait is short, and `guardMethods` repeats the call. While the database
 * opens, it has no calls to block.
 */
const ONCE_OPEN = 'busy_timeout = 50';

/** How long a start waits for another process that creates or migrates the file. Then it serves without a database. */
const OPEN_MS = 60_000;
const OPEN_PAUSE_MS = 50;

/**
 * Opens SQLite through Node's own driver, and brings the tables up to date. While another process creates the same file,
 * SQLite reports it as locked at once, in spite of the timeout. So there are several attempts.
 * @throws AppError `store_refused` for a file that this user cannot write; else the driver's error.
 */
export async function connectSqlite(path: string): Promise<MikroORM> {
  if (path !== ':memory:') makePrivate(path);
  const deadline = performance.now() + OPEN_MS;
  for (;;) {
    try {
      return await connect(path);
    } catch (error) {
      if (isForbidden(error)) throw notWritable(path, error);
      if (!isBusy(error) || performance.now() > deadline) throw error;
      await sleep(OPEN_PAUSE_MS);
    }
  }
}

/** A full disk is not here: it can have room again without a change of rights. */
function notWritable(path: string, cause: unknown): AppError {
  return new AppError(
    'SERVICE_UNAVAILABLE',
    'store_refused',
    `The database ${path} cannot be opened for writing (${(cause as Error).message}). The user of this process must be ` +
      'able to write the file and its folder. Change their owner, or set DATABASE_URL to another place.',
    { cause },
  );
}

/**
 * Makes a file that only its owner can read, and takes what others may from an older one. SQLite gives its log the same
 * mode. An older folder is closed only if it is `data`: another one may hold other people's files.
 */
function makePrivate(path: string): void {
  const folder = dirname(path);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (basename(folder) === 'data') chmodSync(folder, 0o700);
    closeSync(openSync(path, 'a', 0o600));
    for (const file of [path, `${path}-wal`, `${path}-shm`]) if (existsSync(file)) chmodSync(file, 0o600);
  } catch {
    // Somebody else owns the file or the folder, or it is none. SQLite decides whether it can be opened.
  }
}

async function connect(path: string): Promise<MikroORM> {
  const orm = await MikroORM.init({
    driver: BoundSqliteDriver,
    driverOptions: new EmbeddedSqlite(path),
    dbName: path,
    entities,
    extensions: [Migrator],
    migrations: { migrationsList: migrations, snapshot: false, silent: true, transactional: false },
  });
  try {
    for (const pragma of PRAGMAS) await orm.em.getConnection().execute(`pragma ${pragma}`);
    const applied = await migrate(orm);
    if (applied.includes('005-folded-search')) await clearFreeParts(orm);
    await orm.em.getConnection().execute(`pragma ${ONCE_OPEN}`);
    return orm;
  } catch (error) {
    await orm.close(true);
    throw error;
  }
}

/**
 * Runs the migrations in one transaction, which takes the write lock before it checks what to do. A process that starts
 * at the same moment waits for the lock, and then has nothing left to do.
 * @returns the names of the migrations that ran.
 */
async function migrate(orm: MikroORM): Promise<string[]> {
  const connection = orm.em.getConnection();
  await connection.execute('begin immediate');
  try {
    const applied = await orm.migrator.up();
    await connection.execute('commit');
    return applied.map(({ name }) => name);
  } catch (error) {
    await connection.execute('rollback');
    throw error;
  }
}

/** Older versions left removed texts in free parts of the file. They are gone once it is written anew. */
async function clearFreeParts(orm: MikroORM): Promise<void> {
  await orm.em.getConnection().execute('vacuum');
  await orm.em.getConnection().execute('pragma wal_checkpoint(truncate)');
}
