import type { SqlEntityManager } from '@mikro-orm/sql';
import type { Message } from '../server/contract/types.ts';
import type { Dialect, Fragment } from './dialect.ts';
import { MessageEntity } from './entities.ts';
import { toMessage, WITH_AUTHOR } from './messageTable.ts';
import type { MessageSearch } from './store.ts';

export async function searchMessages(
  em: SqlEntityManager,
  dialect: Dialect,
  userId: string,
  search: MessageSearch,
): Promise<Message[]> {
  const { sql, params } = dialect.searchMessages(scopeOf(userId, search.roomId), search);
  const found = await em.execute<{ id: string }[]>(sql, params);
  const ids = found.map(({ id }) => id);
  const rows = await em.find(MessageEntity, { id: { $in: ids } }, WITH_AUTHOR);
  const messages = new Map(rows.map((row) => [row.id, toMessage(row)]));
  return ids.flatMap((id) => messages.get(id) ?? []);
}

function scopeOf(userId: string, roomId: string | undefined): Fragment {
  if (roomId) return { sql: 'm.room_id = ?', params: [roomId] };
  return { sql: 'm.room_id in (select room_id from members where user_id = ?)', params: [userId] };
}
