import { connectSqlite } from './sqlite.ts';
import { createSqlStore } from './sqlStore.ts';
import type { Store } from './store.ts';

/**
 * Opens the database that `url` names, brings its tables up to date, and answers its store.
 * @param url `sqlite:PATH`, where PATH `:memory:` keeps nothing.
 * @throws Error naming the URL's scheme if it is none of these.
 */
export async function openStore(url: string): Promise<Store> {
  const [, path] = /^sqlite:(.+)$/.exec(url) ?? [];
  if (!path) throw new Error(`DATABASE_URL must be sqlite:PATH, not ${url.split(':')[0]}:…`);
  return createSqlStore(await connectSqlite(path), `SQLite (${path})`);
}
