import type { MysqlPool, MysqlPoolConnection } from 'kysely';
import type { ExecuteValues, Pool, PoolConnection } from 'mysql2';
import { isReadOnly } from '../sql/failures.ts';
import { pinSession } from './session.ts';

/** After this time a connection is replaced. After a fail-over, a name leads to another server. */
const LIFE_MS = 60_000;

/**
 * The driver's pool with three promises. A session is pinned before its first use. Parameters travel beside the text: the
 * driver's own `query` would write them into it. A connection to a server that became read-only is not used again, nor
 * are the others that were open at that time.
 */
export function createPinnedPool(pool: Pool): MysqlPool {
  const sessions = new WeakMap<PoolConnection, Session>();
  let readOnlyAt = 0;
  const onError = (error: unknown) => {
    if (isReadOnly(error)) readOnlyAt = performance.now();
  };
  const isFresh = ({ openedAt }: Session) => openedAt > readOnlyAt && performance.now() - openedAt < LIFE_MS;

  /** A new connection was opened for this call, and a kept one for an earlier call. */
  const sessionOf = async (connection: PoolConnection): Promise<Session> => {
    const known = sessions.get(connection);
    if (known) return known;
    const openedAt = performance.now();
    await pinSession(connection);
    const session = createSession(connection, openedAt, onError, isFresh);
    sessions.set(connection, session);
    return session;
  };
  const acquire = async (): Promise<Session> => {
    for (;;) {
      const connection = await take(pool);
      try {
        const session = await sessionOf(connection);
        if (isFresh(session)) return session;
      } catch (error) {
        connection.destroy();
        throw error;
      }
      connection.destroy();
    }
  };
  return {
    getConnection(callback) {
      acquire().then(
        (session) => callback(null, session),
        (error: unknown) => callback(error, undefined as never),
      );
    },
    end: (callback) => pool.end(callback),
  };
}

type Session = MysqlPoolConnection & { openedAt: number };

function createSession(
  connection: PoolConnection,
  openedAt: number,
  onError: (error: unknown) => void,
  isFresh: (session: Session) => boolean,
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
