import type { MikroORM } from '@mikro-orm/mysql';
import { storeUnavailable } from '../storeUnavailable.ts';

const LOCK = 'roomscribe migrations';
/** One question for the lock. It is shorter than the silence after which a connection is closed. */
const ASK_SECONDS = 5;
const WAIT_MS = 60_000;

/**
 * Only one process migrates at a time. The lock belongs to its connection, so it is free again if the process dies.
 * @param limitSilence whether connections are closed after a long silence. A change of a large table is silent for long.
 * @throws AppError `store_unavailable` if another process still migrates after a minute.
 */
export async function migrate(orm: MikroORM, limitSilence: (isLimited: boolean) => void): Promise<void> {
  const connection = orm.em.getConnection();
  await connection.transactional(async (ctx) => {
    const ask = async (statement: string, params: unknown[]) => {
      const [row] = await connection.execute<[{ answer: unknown }]>(statement, params, 'all', ctx);
      return Number(row.answer) === 1;
    };
    const deadline = performance.now() + WAIT_MS;
    while (!(await ask('select get_lock(?, ?) as answer', [LOCK, ASK_SECONDS]))) {
      if (performance.now() > deadline) throw storeUnavailable();
    }
    limitSilence(false);
    try {
      await orm.migrator.up();
      await mustKeepEveryText(orm);
      await ask('select release_lock(?) as answer', [LOCK]);
    } finally {
      limitSilence(true);
    }
  });
}

/** @throws Error for columns that somebody has converted to another character set. They would lose emoji. */
async function mustKeepEveryText(orm: MikroORM): Promise<void> {
  const [narrow] = await orm.em.getConnection().execute<{ place: string; charset: string }[]>(
    `select concat(table_name, '.', column_name) as place, character_set_name as charset
      from information_schema.columns where table_schema = database()
      and table_name in ('users', 'chat_rooms', 'messages') and column_name in ('name', 'folded_name', 'text')
      and character_set_name <> 'utf8mb4'`,
  );
  if (!narrow) return;
  throw new Error(
    `The column ${narrow.place} of the database has the character set ${narrow.charset}, which cannot keep every text. ` +
      'Convert it to utf8mb4.',
  );
}
