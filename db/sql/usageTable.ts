import type { Store } from '../store.ts';
import { type Database, run, type Sql } from './database.ts';
import type { Dialect } from './dialect.ts';

export function usageTable(
  database: Database,
  { onDuplicateUpdate }: Dialect,
): Pick<Store, 'addSpeechSeconds' | 'speechSeconds'> {
  return {
    addSpeechSeconds: (roomId, day, seconds) =>
      // The insert locks the row until the commit, so the read after it sees the exact total.
      database.transaction(async (sql) => {
        await run(
          sql,
          `insert into speech_usage (room_id, day, seconds) values (?, ?, ?)
            ${onDuplicateUpdate('room_id, day')} seconds = seconds + ?`,
          [roomId, day, seconds, seconds],
        );
        return readSeconds(sql, roomId, day);
      }),

    speechSeconds: (roomId, day) => readSeconds(database.sql, roomId, day),
  };
}

async function readSeconds(sql: Sql, roomId: string, day: string): Promise<number> {
  const [row] = await run<{ seconds: number }>(
    sql,
    'select seconds from speech_usage where room_id = ? and day = ?',
    [roomId, day],
  );
  return row?.seconds ?? 0;
}
