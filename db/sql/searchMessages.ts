import type { RoomPart, SearchPlace, Store } from '../store.ts';
import { type Database, run, type Sql } from './database.ts';
import type { Dialect } from './dialect.ts';
import { MessageEntity } from './entities.ts';
import { toMessage, WITH_AUTHOR } from './messageRow.ts';

type SearchMethods = Pick<Store, 'newestInRooms' | 'searchPart' | 'findMessages'>;
type Order = RoomPart['order'];

const INDEX = { seq: 'messages_room_id_seq_unique', id: 'messages_room_id_id_index' } as const;

/**
 * The parts of a search. Each statement reads at most one part of one room, so that a commit never waits long for the
 * SQLite thread, and that other rooms' messages cost nothing. `instr` compares bytes, which is the same in all databases.
 */
export function searchTable(database: Database, { indexHint }: Dialect): SearchMethods {
  /** The place `count` messages below `from`; null if the room has no more. */
  const placeBelow = async (
    roomId: string,
    order: Order,
    from: SearchPlace,
    count: number,
  ): Promise<SearchPlace | null> => {
    // The seqs of a room have no gaps.
    if (order === 'seq') return Number(from) > count ? Number(from) - count : null;
    const [row] = await run<{ id: string }>(
      database.sql,
      `select id from messages ${indexHint(INDEX.id)} where room_id = ? and id <= ?
        order by id desc limit 1 offset ?`,
      [roomId, from, count],
    );
    return row?.id ?? null;
  };

  return {
    newestInRooms: (userId, page) => newestInRooms(database.sql, userId, page),

    async searchPart(roomId, { folded, order, from, rows, limit }) {
      const below = await placeBelow(roomId, order, from, rows);
      const found = await run<{ id: string; place: SearchPlace }>(
        database.sql,
        `select id, ${order} as place from messages ${indexHint(INDEX[order])}
          where room_id = ? and ${order} <= ? ${below === null ? '' : `and ${order} > ?`} and instr(folded, ?) > 0
          order by ${order} desc limit ?`,
        [roomId, from, ...(below === null ? [] : [below]), folded, limit],
      );
      const last = found.length === limit && found.at(-1);
      return { found, next: last ? await placeBelow(roomId, order, last.place, 1) : below };
    },

    async findMessages(ids) {
      const rows = await database.fork().find(MessageEntity, { id: { $in: ids } }, WITH_AUTHOR);
      const messages = new Map(rows.map((row) => [row.id, toMessage(row)]));
      return ids.flatMap((id) => messages.get(id) ?? []);
    },
  };
}

/** One seek in an index for each room of the user. */
async function newestInRooms(
  sql: Sql,
  userId: string,
  { upTo, after = '', limit }: Parameters<Store['newestInRooms']>[1],
): Promise<{ roomId: string; newestId: string | null }[]> {
  return run(
    sql,
    `select room_id as roomId,
        (select max(id) from messages where room_id = members.room_id ${upTo ? 'and id <= ?' : ''}) as newestId
      from members where user_id = ? and room_id > ? order by room_id limit ?`,
    [...(upTo ? [upTo] : []), userId, after, limit],
  );
}
