import type { Head } from '../store.ts';
import { run, type Sql } from './database.ts';

/** The heads of rooms by room id. */
export type Heads = Map<string, Head>;

/** Reads the heads of these rooms. Unknown rooms are missing from the result. */
export async function readHeads(sql: Sql, roomIds: string[]): Promise<Heads> {
  if (roomIds.length === 0) return new Map();
  const rows = await run<HeadRow>(
    sql,
    `select id, last_seq as lastSeq, rev from chat_rooms where id in (${roomIds.map(() => '?').join(', ')})`,
    roomIds,
  );
  return toHeads(rows);
}

export type HeadRow = { id: string; lastSeq: number; rev: number };

export function toHeads(rows: HeadRow[]): Heads {
  return new Map(rows.map(({ id, lastSeq, rev }) => [id, { lastSeq, rev }]));
}
