import type { MikroORM } from '@mikro-orm/core';
import { connectSqlite } from './sqlite.ts';
import { sqliteDialect } from './sqliteDialect.ts';
import { createSqlStore } from './sqlStore.ts';
import type { Store } from './store.ts';

/**
 * What the log holds is taken over into the file every so often, between two commits. Left to itself SQLite does it
 * within the commit that makes the log too long, and whoever waits for that one waits several times as long.
 */
const CHECKPOINT_EVERY_MS = 1_000;

/** SQLite in this thread, which stands still whenever the database works. @throws Error as `connectSqlite` */
export async function openSqlite(path: string): Promise<Store> {
  const orm = await connectSqlite(path);
  const store = createSqlStore(orm, sqliteDialect, `SQLite (${path})`);
  const timer = setInterval(() => checkpoint(orm), CHECKPOINT_EVERY_MS).unref();
  return {
    ...store,
    async close() {
      clearInterval(timer);
      await store.close();
    },
  };
}

/** One that fails is no harm: SQLite itself takes the log over when it is long. */
function checkpoint(orm: MikroORM): void {
  orm.em
    .getConnection()
    .execute('pragma wal_checkpoint(passive)')
    .catch(() => {});
}
