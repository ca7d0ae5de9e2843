import type { AudioPlace } from '../../contract/types.ts';
import type { Change, Store } from '../store.ts';
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

const WEEK_MS = 7 * 24 * 3_600_000;

type StreamMethods = Pick<Store, 'addStream' | 'findStream' | 'sealStream' | 'endStream'>;

export function streamTable(database: Database, { lockHeads, toTimeValue }: Dialect): StreamMethods {
  return {
    async addStream({ streamId, roomId, userId, startedAt }) {
      const lastWeek = new Date(startedAt.getTime() - WEEK_MS);
      await run(database.sql, 'delete from speech_streams where user_id = ? and started_at < ?', [
        ...[userId, toTimeValue(lastWeek.toISOString())],
      ]);
      await run(
        database.sql,
        `insert into speech_streams (id, room_id, user_id, started_at, heard_seq, heard_samples, sealed)
          values (?, ?, ?, ?, 0, 0, 0)`,
        [streamId, roomId, userId, toTimeValue(startedAt.toISOString())],
      );
    },

    async findStream(userId, streamId) {
      const row = await readStream(database.sql, userId, streamId);
      return row && { roomId: row.roomId, sealed: row.sealed === 1 };
    },

    async sealStream(userId, streamId) {
      const stream = await readStream(database.sql, userId, streamId);
      if (!stream) return null;
      return database.transaction(async (sql) => {
        // A commit of the stream's messages takes the same lock: each comes wholly before the seal, or is refused.
        await lockHeads(sql, [stream.roomId]);
        const row = await readStream(sql, userId, streamId);
        await run(sql, 'update speech_streams set sealed = 1 where id = ?', [streamId]);
        return row && { seq: row.seq, samples: row.samples };
      });
    },

    async endStream(streamId, { seq, samples }) {
      await run(
        database.sql,
        'update speech_streams set sealed = 1, heard_seq = ?, heard_samples = ? where id = ? and sealed = 0',
        [seq, samples, streamId],
      );
    },
  };
}

type StreamRow = AudioPlace & { roomId: string; sealed: number };

async function readStream(sql: Sql, userId: string, streamId: string): Promise<StreamRow | null> {
  const [row] = await run<StreamRow>(
    sql,
    `select room_id as roomId, heard_seq as seq, heard_samples as samples, sealed
      from speech_streams where id = ? and user_id = ?`,
    [streamId, userId],
  );
  return row ?? null;
}

/** How far streams are saved after a transaction, by stream id. */
export type Progress = Map<string, AudioPlace>;

/**
 * Reads which of the streams that these changes tell of are open. The rooms' locks are held, and a seal takes them too, so
 * the answer stays true until the commit.
 * @returns whether the stream of a change may be saved.
 */
export async function sealCheck(sql: Sql, changes: Change[]): Promise<(change: Change) => boolean> {
  const asked = [...new Set(changes.flatMap((change) => progressOf(change)?.streamId ?? []))];
  if (asked.length === 0) return () => true;
  const rows = await run<{ id: string }>(
    sql,
    `select id from speech_streams where sealed = 0 and id in (${asked.map(() => '?').join(', ')})`,
    asked,
  );
  const open = new Set(rows.map(({ id }) => id));
  return (change) => {
    const saved = progressOf(change);
    return !saved || open.has(saved.streamId);
  };
}

/** How far the stream of a spoken message is saved with it. */
export function progressOf(change: Change): { streamId: string; heardUntil: AudioPlace } | undefined {
  if (change.type !== 'append' || !change.heardUntil || !change.message.speech) return undefined;
  return { streamId: change.message.speech.streamId, heardUntil: change.heardUntil };
}

export async function updateProgress(sql: Sql, progress: Progress): Promise<void> {
  for (const [streamId, { seq, samples }] of progress) {
    await run(sql, 'update speech_streams set heard_seq = ?, heard_samples = ? where id = ?', [
      ...[seq, samples, streamId],
    ]);
  }
}
