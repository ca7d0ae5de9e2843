import type { MysqlPool, MysqlPoolConnection } from 'kysely';
import type { ExecuteValues, Pool, PoolConnection } from 'mysql2';
import { spoilsConnection } from '../sql/failures/failures.ts';
import { storeUnavailable } from '../storeUnavailable.ts';
import type { MysqlLimits } from './limits.ts';
import { isReplica, pinSession } from './session.ts';

/**
 * The driver's pool with four promises. A session is pinned before its first use. Parameters travel beside the text: the
 * driver's own `query` would write them into it. A call gets a connection or an error in bounded time. A connection to a
 * server that is lost, silent or read-only is not used again, nor are the others that were open at that time.
 */
export function createPinnedPool(pool: Pool, limits: MysqlLimits): MysqlPool {
  const sessions = new WeakMap<PoolConnection, Session>();
  /** The connections that were opened before this time are given up. */
  let doubtedAt = Number.NEGATIVE_INFINITY;
  const doubtAll = () => {
    doubtedAt = performance.now();
  };
  const isFresh = ({ openedAt }: Session) =>
    openedAt > doubtedAt && performance.now() - openedAt < limits.lifeMs;

  /** A new connection was opened for this call, and a kept one for an earlier call. */
  const sessionOf = async (connection: PoolConnection): Promise<Session> => {
    const known = sessions.get(connection);
    if (known) return known;
    const openedAt = performance.now();
    await pinSession(connection, limits.pinMs);
    const session = createSession(connection, openedAt, isFresh, (error) => {
      if (spoilsConnection(error)) doubtAll();
    });
    sessions.set(connection, session);
    return session;
  };

  const isUsable = async (session: Session, connection: PoolConnection): Promise<boolean> => {
    if (!isFresh(session)) return false;
    if (performance.now() - session.provenAt < limits.proofMs) return true;
    session.provenAt = performance.now();
    const isPrimary = await isReplica(connection, limits.pinMs).then(
      (is) => !is,
      () => false,
    );
    if (!isPrimary) doubtAll();
    return isPrimary;
  };

  const acquire = async (): Promise<Session> => {
    for (;;) {
      const connection = await take(pool);
      try {
        const session = await sessionOf(connection);
        if (await isUsable(session, connection)) return session;
      } catch (error) {
        connection.destroy();
        throw error;
      }
      connection.destroy();
    }
  };
  return {
    getConnection(callback) {
      inTime(acquire(), limits.acquireMs).then(
        (session) => callback(null, session),
        (error: unknown) => callback(error, undefined as never),
      );
    },
    end: (callback) => pool.end(callback),
  };
}

type Session = MysqlPoolConnection & {
  openedAt: number;
  /** When the server was last known to be a primary. */
  provenAt: number;
};

function createSession(
  connection: PoolConnection,
  openedAt: number,
  isFresh: (session: Session) => boolean,
  onError: (error: unknown) => void,
): Session {
  const query = (
    sql: string,
    params: readonly unknown[],
    callback: (error: unknown, rows: unknown) => void,
  ) => {
    const done = (error: unknown, rows: unknown) => {
      if (error) onError(error);
      callback(error, rows);
    };
    if (params.length === 0) connection.query(sql, done);
    else connection.execute(sql, params as ExecuteValues, done);
  };
  const session: Session = {
    openedAt,
    provenAt: openedAt,
    threadId: connection.threadId,
    config: connection.config,
    connect: (callback) => connection.connect(callback),
    query: query as MysqlPoolConnection['query'],
    release: () => (isFresh(session) ? connection.release() : connection.destroy()),
    destroy: () => connection.destroy(),
  };
  return session;
}

function take(pool: Pool): Promise<PoolConnection> {
  return new Promise((resolve, reject) => {
    pool.getConnection((error, connection) => (error ? reject(error) : resolve(connection)));
  });
}

/** A session that comes after its caller has given up goes to the next caller. */
function inTime(acquiring: Promise<Session>, ms: number): Promise<Session> {
  return new Promise((resolve, reject) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      reject(storeUnavailable(new Error('No connection to the database became free in time.')));
    }, ms);
    acquiring
      .then((session) => (isLate ? session.release() : resolve(session)), reject)
      .finally(() => clearTimeout(timer));
  });
}
