import type { Message } from '../../contract/types.ts';
import type { MessageSearch } from '../store.ts';
import { type Database, run, type Sql } from './database.ts';
import type { Dialect, Fragment } from './dialect.ts';
import { MessageEntity } from './entities.ts';
import { isTooCommon } from './failures.ts';
import { fold } from './fold.ts';
import { toMessage, WITH_AUTHOR } from './messageRow.ts';

/** How many of a room's newest messages are searched without an index. */
const NEWEST = 1_000;

/**
 * Searches the newest messages of the room first: common words are found there. Only if they have too few results, or if
 * the search is over all rooms, the index is asked. The index alone would be slow: it is over all rooms, so a word that
 * is common in a large room would cost a small room just as much.
 */
export async function searchMessages(
  database: Database,
  dialect: Dialect,
  userId: string,
  search: MessageSearch,
): Promise<Message[]> {
  const newest = search.roomId ? await searchNewest(database.sql, dialect, search.roomId, search) : undefined;
  const isComplete = newest && (newest.ids.length === search.limit || newest.isWholeRoom);
  const ids = isComplete ? newest.ids : await searchIndex(database.sql, dialect, userId, search);
  const rows = await database.fork().find(MessageEntity, { id: { $in: ids } }, WITH_AUTHOR);
  const messages = new Map(rows.map((row) => [row.id, toMessage(row)]));
  return ids.flatMap((id) => messages.get(id) ?? []);
}

async function searchNewest(
  sql: Sql,
  { indexHint }: Dialect,
  roomId: string,
  { words, cursor, limit }: MessageSearch,
): Promise<{ ids: string[]; isWholeRoom: boolean }> {
  const rows = await run<{ id: string; text: string | null }>(
    sql,
    `select id, text from messages ${indexHint('messages_room_id_seq_unique')} where room_id = ?
      ${cursor ? 'and seq < (select seq from messages where id = ?)' : ''} order by seq desc limit ?`,
    [roomId, ...(cursor ? [cursor] : []), NEWEST],
  );
  const wanted = fold(words);
  const found = rows.filter(({ text }) => text !== null && fold(text).includes(wanted));
  return { ids: found.slice(0, limit).map(({ id }) => id), isWholeRoom: rows.length < NEWEST };
}

async function searchIndex(
  sql: Sql,
  dialect: Dialect,
  userId: string,
  search: MessageSearch,
): Promise<string[]> {
  for (const query of dialect.searchQueries(scopeOf(userId, search.roomId), search)) {
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
