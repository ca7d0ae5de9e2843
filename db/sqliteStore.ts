import { connectSqlite } from './sqlite.ts';
import { sqliteDialect } from './sqliteDialect.ts';
import { createSqlStore } from './sqlStore.ts';
import type { Store } from './store.ts';

/** SQLite in this thread, which stands still whenever the database works. @throws Error as `connectSqlite` */
export async function openSqlite(path: string): Promise<Store> {
  return createSqlStore(await connectSqlite(path), sqliteDialect, `SQLite (${path})`);
}
