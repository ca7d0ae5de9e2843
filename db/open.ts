import { connectMysql, readMysqlUrl } from './mysql.ts';
import { mariadbDialect, mysqlDialect } from './mysqlDialect.ts';
import { createSqlStore } from './sqlStore.ts';
import type { Store } from './store.ts';
import { openThreadedSqlite } from './thread/threadedSqlite.ts';

/**
 * Opens the database that `url` names, brings its tables up to date, and answers its store.
 * @param url `sqlite:PATH`, where PATH `:memory:` keeps nothing, or `mysql://…`, see `readMysqlUrl`.
 * @throws Error naming the URL's scheme if it is none of these; AppError (retryable) if the database is away.
 */
export async function openStore(url: string): Promise<Store> {
  const [, scheme, path = ''] = /^(sqlite|mysql):(.+)$/.exec(url) ?? [];
  if (scheme === 'sqlite') return openThreadedSqlite(path);
  if (scheme === 'mysql') return openMysql(url);
  throw new Error(`DATABASE_URL must be sqlite:PATH or mysql://…, not ${url.split(':')[0]}:…`);
}

async function openMysql(url: string): Promise<Store> {
  const address = readMysqlUrl(url);
  const { orm, version } = await connectMysql(address);
  const [number = ''] = /^[\d.]+/.exec(version) ?? [];
  const where = `${address.host}:${address.port}/${address.database}`;
  return /mariadb/i.test(version)
    ? createSqlStore(orm, mariadbDialect, `MariaDB ${number} (${where})`)
    : createSqlStore(orm, mysqlDialect, `MySQL ${number} (${where})`);
}
