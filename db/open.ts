import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { MikroORM } from '@mikro-orm/core';
import { Migrator } from '@mikro-orm/migrations';
import { NodeSqliteDialect, SqliteDriver } from '@mikro-orm/sql';
import { entities } from './entities.ts';
import { migrations } from './migrations/sqlite/index.ts';
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
  return openSqlite(path);
}

/**
 * SQLite inside the process, through Node's own driver. Write-ahead logging lets readers go on while a commit runs;
 * `synchronous=FULL` makes that commit outlive a power cut, which is what an acked message promises.
 */
async function openSqlite(path: string): Promise<Store> {
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true });
  const orm = await MikroORM.init({
    driver: SqliteDriver,
    driverOptions: new NodeSqliteDialect(path),
    dbName: path,
    entities,
    extensions: [Migrator],
    migrations: { migrationsList: migrations, snapshot: false, silent: true },
  });
  const connection = orm.em.getConnection();
  for (const pragma of ['journal_mode = wal', 'synchronous = full', 'busy_timeout = 5000']) {
    await connection.execute(`pragma ${pragma}`);
  }
  await orm.migrator.up();
  return createSqlStore(orm, `SQLite (${path})`);
}
