import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MikroORM } from '@mikro-orm/core';
import { Migrator } from '@mikro-orm/migrations';
import { SqliteDriver } from '@mikro-orm/sql';
import { entities } from '../sql/entities.ts';
import { isBusy } from '../sql/failures.ts';
import { EmbeddedSqlite } from './driver.ts';
import { migrations } from './migrations/index.ts';

/** In KiB: a room's indexes are written all over, and with the 2 MB of the default a message waits for pages to be read. */
const CACHE = 'cache_size = -32000';
/**
 * Write-ahead logging lets other processes read while a commit runs; `synchronous=FULL` makes that commit outlive a
 * power cut, which is what an acked message promises.
 */
const PRAGMAS = ['busy_timeout = 5000', 'journal_mode = wal', 'synchronous = full', CACHE];
/** SQLite waits for its turn by stopping the process: once there is something to stop, for a moment only. */
const ONCE_OPEN = 'busy_timeout = 50';

const OPEN_ATTEMPTS = 100;
const OPEN_PAUSE_MS = 50;

/**
 * SQLite inside the process, through Node's own driver, its tables up to date. While another process makes the same
 * file new, SQLite calls it locked at once, whatever its timeout: hence the attempts.
 */
export async function connectSqlite(path: string): Promise<MikroORM> {
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true });
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await connect(path);
    } catch (error) {
      if (!isBusy(error) || attempt === OPEN_ATTEMPTS) throw error;
      await sleep(OPEN_PAUSE_MS);
    }
  }
}

async function connect(path: string): Promise<MikroORM> {
  const orm = await MikroORM.init({
    driver: SqliteDriver,
    driverOptions: new EmbeddedSqlite(path),
    dbName: path,
    entities,
    extensions: [Migrator],
    migrations: { migrationsList: migrations, snapshot: false, silent: true, transactional: false },
  });
  try {
    for (const pragma of PRAGMAS) await orm.em.getConnection().execute(`pragma ${pragma}`);
    await migrate(orm);
    await orm.em.getConnection().execute(`pragma ${ONCE_OPEN}`);
    return orm;
  } catch (error) {
    await orm.close(true);
    throw error;
  }
}

/**
 * The migrations in one transaction that takes the write lock before it looks: a process that starts at the same
 * moment waits for it, and then finds nothing left to do.
 */
async function migrate(orm: MikroORM): Promise<void> {
  const connection = orm.em.getConnection();
  await connection.execute('begin immediate');
  try {
    await orm.migrator.up();
    await connection.execute('commit');
  } catch (error) {
    await connection.execute('rollback');
    throw error;
  }
}
