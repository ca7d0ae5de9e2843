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
  /** TLS with these authorities, or with Node's default ones; null for a plain connection. */
  tls: { ca: string | undefined } | null;
};

const CONNECTIONS = 10;
const CONNECT_MS = 5_000;
/**
 * A connection without traffic for this long is closed. A server that vanishes in a fail-over closes nothing, and its
 * callers would wait for a quarter of an hour.
 */
const SILENT_MS = 30_000;
const MIGRATION_LOCK = 'roomscribe migrations';
const MIGRATION_WAIT_SECONDS = 60;

/**
 * @param url `mysql://USER:PASSWORD@HOST:PORT/DATABASE`. `?tls=true` asks for TLS. `?ca=PATH` asks for TLS with these
 *   authorities' certificates, such as the bundle that Amazon publishes for RDS.
 * @throws Error. Its message does not quote the URL, which contains a password.
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

/**
 * Connects to MySQL (8.0 or later) or MariaDB, and brings the tables up to date.
 * @throws the driver's error; AppError `store_unavailable` if another process migrates for longer than 60 s.
 */
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
  return socket.setTimeout(SILENT_MS, () =>
    socket.destroy(new Error(`The database has sent nothing for ${SILENT_MS / 1_000} s.`)),
  );
}

/** Only one process migrates at a time. The lock belongs to its connection, so it is free again if the process dies. */
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
