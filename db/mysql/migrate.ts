import type { MikroORM } from '@mikro-orm/mysql';
import { storeUnavailable } from '../storeUnavailable.ts';
import type { MysqlLimits } from './limits.ts';

const LOCK = 'roomscribe migrations';
/** One question for the lock. It is shorter than the silence after which a connection is closed. */
const ASK_SECONDS = 5;

/**
 * Only one process migrates at a time. The lock belongs to its connection, so it is free again if the process dies.
 * @param limitSilence whether connections are closed after a long silence. A change of a large table is silent for long.
 * @throws AppError `store_unavailable` if another process still migrates after `migrationMs`. The start goes on without a
 *   database, so that the health checks have an answer, and asks again.
 */
export async function migrate(
  orm: MikroORM,
  { migrationMs, silentMs }: MysqlLimits,
  limitSilence: (isLimited: boolean) => void,
): Promise<void> {
  const connection = orm.em.getConnection();
  await connection.transactional(async (ctx) => {
    const ask = async (statement: string, params: unknown[]) => {
      const [row] = await connection.execute<[{ answer: unknown }]>(statement, params, 'all', ctx);
      return Number(row.answer) === 1;
    };
    const seconds = Math.min(ASK_SECONDS, silentMs / 2_000);
    const deadline = performance.now() + migrationMs;
    while (!(await ask('select get_lock(?, ?) as answer', [LOCK, seconds]))) {
      if (performance.now() < deadline) continue;
      throw storeUnavailable(new Error('Another process still migrates the database.'));
    }
    limitSilence(false);
    try {
      await orm.migrator.up();
      await ask('select release_lock(?) as answer', [LOCK]);
    } finally {
      limitSilence(true);
    }
  });
}
