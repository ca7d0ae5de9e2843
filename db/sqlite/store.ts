import { createSqlStore } from '../sql/sqlStore.ts';
import type { Store } from '../store.ts';
import { connectSqlite } from './connect.ts';
import { sqliteDialect } from './dialect.ts';

/** SQLite in this thread, which stands still whenever the database works. @throws Error as `connectSqlite` */
export async function openSqlite(path: string): Promise<Store> {
  return createSqlStore(await connectSqlite(path), sqliteDialect, `SQLite (${path})`);
}
