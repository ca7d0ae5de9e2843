import type { Message } from '../../contract/types.ts';
import type { MessageSearch } from '../store.ts';
import { type Database, run, type Sql } from './database.ts';
import type { Dialect, Fragment } from './dialect.ts';
import { MessageEntity } from './entities.ts';
import { isTooCommon } from './failures.ts';
import { fold } from './fold.ts';
import { toMessage, WITH_AUTHOR } from './messageRow.ts';

/** How many of a room's newest messages are looked at before an index is asked. */
const NEWEST = 1_000;

/**
 * What is common is found among a room's newest messages, what is rare by the index. The index alone would not do: it
 * is over all rooms, so a word that is common elsewhere would cost a small room as much as the large one.
 */
export async function searchMessages(
  database: Database,
  dialect: Dialect,
  userId: string,
  search: MessageSearch,
): Promise<Message[]> {
  const near = search.roomId ? await searchNewest(database.sql, dialect, search.roomId, search) : undefined;
  const isEnough = near && (near.ids.length === search.limit || near.wasAll);
  const ids = isEnough ? near.ids : await searchIndex(database.sql, dialect, userId, search);
  const rows = await database.fork().find(MessageEntity, { id: { $in: ids } }, WITH_AUTHOR);
  const messages = new Map(rows.map((row) => [row.id, toMessage(row)]));
  return ids.flatMap((id) => messages.get(id) ?? []);
}

async function searchNewest(
  sql: Sql,
  { by }: Dialect,
  roomId: string,
  { words, cursor, limit }: MessageSearch,
): Promise<{ ids: string[]; wasAll: boolean }> {
  const rows = await run<{ id: string; text: string | null }>(
    sql,
    `select id, text from messages ${by('messages_room_id_seq_unique')} where room_id = ?
      ${cursor ? 'and seq < (select seq from messages where id = ?)' : ''} order by seq desc limit ?`,
    [roomId, ...(cursor ? [cursor] : []), NEWEST],
  );
  const wanted = fold(words);
  const found = rows.filter(({ text }) => text !== null && fold(text).includes(wanted));
  return { ids: found.slice(0, limit).map(({ id }) => id), wasAll: rows.length < NEWEST };
}

async function searchIndex(
  sql: Sql,
  dialect: Dialect,
  userId: string,
  search: MessageSearch,
): Promise<string[]> {
  for (const query of dialect.searchMessages(scopeOf(userId, search.roomId), search)) {
    try {
      return (await run<{ id: string }>(sql, query.sql, query.params)).map(({ id }) => id);
    } catch (error) {
      if (!isTooCommon(error)) throw error;
    }
  }
  return [];
}

function scopeOf(userId: string, roomId: string | undefined): Fragment {
  if (roomId) return { sql: 'm.room_id = ?', params: [roomId] };
  return { sql: 'm.room_id in (select room_id from members where user_id = ?)', params: [userId] };
}
