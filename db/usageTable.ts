import type { SqlEntityManager } from '@mikro-orm/sql';
import type { Dialect } from './dialect.ts';
import { run } from './run.ts';
import type { Fork } from './sqlStore.ts';
import type { Store } from './store.ts';

export function usageTable(
  fork: Fork,
  { orUpdate }: Dialect,
): Pick<Store, 'addSpeechSeconds' | 'speechSeconds'> {
  return {
    addSpeechSeconds: (roomId, day, seconds) =>
      // The insert locks the row: what is read after it is the sum of what was added up to now.
      fork().transactional(async (em) => {
        await run(
          em,
          `insert into speech_usage (room_id, day, seconds) values (?, ?, ?)
            ${orUpdate('room_id, day')} seconds = seconds + ?`,
          [roomId, day, seconds, seconds],
        );
        return readSeconds(em, roomId, day);
      }),

    speechSeconds: (roomId, day) => readSeconds(fork(), roomId, day),
  };
}

async function readSeconds(em: SqlEntityManager, roomId: string, day: string): Promise<number> {
  const [row] = await run<{ seconds: number }>(
    em,
    'select seconds from speech_usage where room_id = ? and day = ?',
    [roomId, day],
  );
  return row?.seconds ?? 0;
}
