import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import type { MikroORM } from '@mikro-orm/core';
import { Migrator } from '@mikro-orm/migrations';
import { MikroORM as MysqlORM } from '@mikro-orm/mysql';
import { entities } from '../sql/entities.ts';
import { storeUnavailable } from '../storeUnavailable.ts';
import { migrations } from './migrations/index.ts';

export type MysqlAddress = {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
  /** TLS with these authorities, or with Node's own; null for none. */
  tls: { ca: string | undefined } | null;
};

const CONNECTIONS = 10;
const CONNECT_MS = 5_000;
/**
 * A connection on which nothing moves for so long is given up: a server that vanished without a word, as in a fail-over,
 * would otherwise keep its callers waiting for a quarter of an hour.
 */
const SILENT_MS = 30_000;
const MIGRATION_LOCK = 'roomscribe migrations';
const MIGRATION_WAIT_SECONDS = 60;

/**
 * @param url `mysql://USER:PASSWORD@HOST:PORT/DATABASE`; `?tls=true` asks for TLS, `?ca=PATH` names the authority's
 *   certificates for it, such as the bundle that Amazon publishes for RDS.
 * @throws Error that does not quote the URL, which holds a password.
 */
export function readMysqlUrl(url: string): MysqlAddress {
  const parsed = URL.parse(url);
  const database = parsed?.pathname.slice(1);
  if (parsed?.protocol !== 'mysql:' || !parsed.hostname || !database) {
    throw new Error('DATABASE_URL must be mysql://USER:PASSWORD@HOST:PORT/DATABASE');
  }
  const caPath = parsed.searchParams.get('ca');
  const wantsTls = caPath !== null || parsed.searchParams.get('tls') === 'true';
  return {
    host: parsed.hostname,
    port: Number(parsed.port || 3_306),
    user: decodeURIComponent(parsed.username),
    password: decodeURIComponent(parsed.password),
    database: decodeURIComponent(database),
    tls: wantsTls ? { ca: caPath === null ? undefined : readFileSync(caPath, 'utf8') } : null,
  };
}

/** MySQL 8.0 or later, or MariaDB, its tables up to date. */
export async function connectMysql(address: MysqlAddress): Promise<{ orm: MikroORM; version: string }> {
  const { host, port, user, password, database, tls } = address;
  const orm = await MysqlORM.init({
    ...{ host, port, user, password, dbName: database, charset: 'utf8mb4', entities },
    extensions: [Migrator],
    migrations: { migrationsList: migrations, snapshot: false, silent: true, transactional: false },
    pool: { max: CONNECTIONS },
    driverOptions: {
      connectTimeout: CONNECT_MS,
      stream: () => openSocket(host, port),
      ...(tls && { ssl: { ca: tls.ca, rejectUnauthorized: true, verifyIdentity: true } }),
    },
  });
  try {
    await migrate(orm);
    const [row] = await orm.em.getConnection().execute<[{ version: string }]>('select version() as version');
    return { orm: orm as unknown as MikroORM, version: row.version };
  } catch (error) {
    await orm.close(true);
    throw error;
  }
}

function openSocket(host: string, port: number): Socket {
  const socket = connect(port, host).setNoDelay(true);
  return socket.setTimeout(SILENT_MS, () => socket.destroy(new Error('The database is silent.')));
}

/** One process at a time: the lock is its connection's, and so is gone with a process that dies. */
async function migrate(orm: MysqlORM): Promise<void> {
  const connection = orm.em.getConnection();
  await connection.transactional(async (ctx) => {
    const [row] = await connection.execute<[{ locked: unknown }]>(
      'select get_lock(?, ?) as locked',
      [MIGRATION_LOCK, MIGRATION_WAIT_SECONDS],
      'all',
      ctx,
    );
    if (Number(row.locked) !== 1) throw storeUnavailable();
    await orm.migrator.up();
    await connection.execute('select release_lock(?)', [MIGRATION_LOCK], 'all', ctx);
  });
}
