import { createSqlStore } from '../sql/sqlStore.ts';
import type { Store } from '../store.ts';
import { connectSqlite } from './connect.ts';
import { sqliteDialect } from './dialect.ts';

/** Opens SQLite in this thread. Each statement blocks the thread until it is done. @throws Error like `connectSqlite`. */
export async function openSqlite(path: string): Promise<Store> {
  return createSqlStore(await connectSqlite(path), sqliteDialect, `SQLite (${path})`);
}
