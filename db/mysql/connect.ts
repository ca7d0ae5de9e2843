import { connect, type Socket } from 'node:net';
import type { MikroORM } from '@mikro-orm/core';
import { Migrator } from '@mikro-orm/migrations';
import { MikroORM as MysqlORM } from '@mikro-orm/mysql';
import { entities } from '../sql/entities.ts';
import { PinnedMysqlDriver, type PinnedOptions } from './driver.ts';
import { inspectServer } from './inspect.ts';
import type { MysqlLimits } from './limits.ts';
import { migrate } from './migrate.ts';
import { migrations } from './migrations/index.ts';
import { toRefusal } from './refusal.ts';
import { mustBeKept } from './tables.ts';
import type { MysqlAddress } from './url.ts';

/** More than the reads that `server/flow/work.ts` lets run at a time, so that a commit finds one. */
const CONNECTIONS = 16;
const KEEP_ALIVE_MS = 15_000;

/**
 * Connects to MySQL (8.0 or later) or MariaDB (10.6 or later), and brings the tables up to date.
 * @returns the ORM, and the version as the server says it.
 * @throws AppError `store_refused` if waiting does not help; `store_unavailable` if another process migrates for longer
 *   than `limits` say; else the driver's error.
 */
export async function connectMysql(
  address: MysqlAddress,
  limits: MysqlLimits,
): Promise<{ orm: MikroORM; version: string }> {
  const { host, port, user, password, database, tls } = address;
  const sockets = createSockets(host, port, limits.silentMs);
  const driverOptions = {
    connectTimeout: limits.connectMs,
    stream: sockets.open,
    ...(tls && { ssl: { ca: tls.ca, rejectUnauthorized: true, verifyIdentity: true } }),
  };
  try {
    const version = await inspectServer({ host, port, user, password, database, ...driverOptions });
    const orm = await MysqlORM.init({
      ...{ host, port, user, password, dbName: database, charset: 'utf8mb4', entities },
      driver: PinnedMysqlDriver,
      extensions: [Migrator],
      migrations: { migrationsList: migrations, snapshot: false, silent: true, transactional: false },
      pool: { max: CONNECTIONS },
      driverOptions: { ...driverOptions, limits } satisfies PinnedOptions,
    });
    try {
      await migrate(orm, limits, sockets.limitSilence);
      await mustBeKept(orm);
      return { orm: orm as unknown as MikroORM, version };
    } catch (error) {
      await orm.close(true);
      throw error;
    }
  } catch (error) {
    throw toRefusal(error, address);
  }
}

/** Opens the sockets of one pool. The limit of their silence can be lifted, because a migration can be silent for long. */
function createSockets(host: string, port: number, limitMs: number) {
  const sockets = new Set<Socket>();
  let silentMs = limitMs;
  return {
    open() {
      const socket = connect(port, host).setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS);
      // Node compares the certificate with this name. It sets it for names only, and takes an address for "localhost".
      Object.assign(socket, { _host: host });
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      return socket.setTimeout(silentMs, () =>
        socket.destroy(Object.assign(new Error('The database has been silent.'), { code: 'ETIMEDOUT' })),
      );
    },
    limitSilence(isLimited: boolean) {
      silentMs = isLimited ? limitMs : 0;
      for (const socket of sockets) socket.setTimeout(silentMs);
    },
  };
}
