import { createSqlStore } from '../sql/sqlStore.ts';
import type { Store } from '../store.ts';
import { connectSqlite } from './connect.ts';
import { sqliteDialect } from './dialect.ts';
import { forgetRemoved } from './forgetting.ts';

/** Opens SQLite in this thread. Each statement blocks the thread until it is done. @throws Error like `connectSqlite`. */
export async function openSqlite(path: string): Promise<Store> {
  const orm = await connectSqlite(path);
  const emptyLog = async () => {
    const [row] = await orm.em.getConnection().execute<[{ busy: number }]>('pragma wal_checkpoint(truncate)');
    return row.busy === 0;
  };
  return forgetRemoved(createSqlStore(orm, sqliteDialect, `SQLite (${path})`), emptyLog);
}
