import { openThreadedSqlite } from './sqlite/thread/threadedSqlite.ts';
import type { Store } from './store.ts';

/**
 * Opens the database that `url` names, brings its tables up to date, and answers its store.
 * @param url `sqlite:PATH`, where PATH `:memory:` keeps nothing, or `mysql://…`, see `readMysqlUrl`.
 * @throws Error naming the URL's scheme if it is none of these; AppError (retryable) if the database is away.
 */
export async function openStore(url: string): Promise<Store> {
  const [, scheme, path = ''] = /^(sqlite|mysql):(.+)$/.exec(url) ?? [];
  if (scheme === 'sqlite') return openThreadedSqlite(path);
  // Nobody who has SQLite has to load the rest of the ORM.
  if (scheme === 'mysql') return (await import('./mysql/store.ts')).openMysql(url);
  throw new Error(`DATABASE_URL must be sqlite:PATH or mysql://…, not ${url.split(':')[0]}:…`);
}
