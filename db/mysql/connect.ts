import { connect, type Socket } from 'node:net';
import type { MikroORM } from '@mikro-orm/core';
import { Migrator } from '@mikro-orm/migrations';
import { MikroORM as MysqlORM } from '@mikro-orm/mysql';
import { entities } from '../sql/entities.ts';
import { PinnedMysqlDriver } from './driver.ts';
import { migrate } from './migrate.ts';
import { migrations } from './migrations/index.ts';
import type { MysqlAddress } from './url.ts';

/** More than the reads that `server/flow/work.ts` lets run at a time, so that a commit finds one. */
const CONNECTIONS = 16;
const CONNECT_MS = 5_000;
/**
 * A connection without traffic for this long is closed. A server that vanishes in a fail-over closes nothing, and its
 * callers would wait for a quarter of an hour.
 */
const SILENT_MS = 30_000;
const KEEP_ALIVE_MS = 15_000;

/**
 * Connects to MySQL (8.0 or later) or MariaDB, and brings the tables up to date.
 * @throws the driver's error; AppError `store_unavailable` if another process migrates for longer than a minute; Error for
 *   a database that would not keep every text.
 */
export async function connectMysql(address: MysqlAddress): Promise<{ orm: MikroORM; version: string }> {
  const { host, port, user, password, database, tls } = address;
  const sockets = createSockets(host, port);
  const orm = await MysqlORM.init({
    ...{ host, port, user, password, dbName: database, charset: 'utf8mb4', entities },
    driver: PinnedMysqlDriver,
    extensions: [Migrator],
    migrations: { migrationsList: migrations, snapshot: false, silent: true, transactional: false },
    pool: { max: CONNECTIONS },
    driverOptions: {
      connectTimeout: CONNECT_MS,
      stream: sockets.open,
      ...(tls && { ssl: { ca: tls.ca, rejectUnauthorized: true, verifyIdentity: true } }),
    },
  });
  try {
    await migrate(orm, sockets.limitSilence);
    const [row] = await orm.em.getConnection().execute<[{ version: string }]>('select version() as version');
    return { orm: orm as unknown as MikroORM, version: row.version };
  } catch (error) {
    await orm.close(true);
    throw error;
  }
}

/** Opens the sockets of one pool. The limit of their silence can be lifted, because a migration can be silent for long. */
function createSockets(host: string, port: number) {
  const sockets = new Set<Socket>();
  let silentMs = SILENT_MS;
  return {
    open() {
      const socket = connect(port, host).setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS);
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      return socket.setTimeout(silentMs, () =>
        socket.destroy(Object.assign(new Error('The database has been silent.'), { code: 'ETIMEDOUT' })),
      );
    },
    limitSilence(isLimited: boolean) {
      silentMs = isLimited ? SILENT_MS : 0;
      for (const socket of sockets) socket.setTimeout(silentMs);
    },
  };
}
