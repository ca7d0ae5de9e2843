import { openThreadedSqlite } from './sqlite/thread/threadedSqlite.ts';
import type { Store } from './store.ts';

/**
 * Opens the database at `url` and brings its tables up to date.
 * @param url `sqlite:PATH` or `mysql://…` (see `readMysqlUrl`). The path `:memory:` opens a new database that ends with
 *   the store.
 * @throws Error for a wrong URL, and the driver's error or an AppError for a database that does not open. `isAway` says
 *   whether it is only unreachable.
 */
export async function openStore(url: string): Promise<Store> {
  const [, scheme, path = ''] = /^(sqlite|mysql):(.+)$/.exec(url) ?? [];
  if (scheme === 'sqlite') return openThreadedSqlite(path);
  // A server with SQLite need not load the MySQL half of the ORM.
  if (scheme === 'mysql') return (await import('./mysql/store.ts')).openMysql(url);
  throw new Error(`DATABASE_URL must be sqlite:PATH or mysql://…, not ${url.split(':')[0]}:…`);
}
