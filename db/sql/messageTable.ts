import type { SpokenByTimeQuery, SpokenQuery, Store } from '../store.ts';
import type { Database } from './database.ts';
import type { Dialect } from './dialect.ts';
import { MessageEntity } from './entities.ts';
import { toMessage, WITH_AUTHOR } from './messageRow.ts';

type MessageMethods = Pick<
  Store,
  'findMessage' | 'listMessages' | 'changesAfter' | 'listSpoken' | 'listSpokenByTime'
>;

export function messageTable(database: Database, dialect: Dialect): MessageMethods {
  // Without these hints MariaDB reads all messages that are newer than the page.
  const bySeq = { indexHint: dialect.indexHint('messages_room_id_seq_unique') };
  const byRev = { indexHint: dialect.indexHint('messages_room_id_rev_unique') };
  const byTime = { indexHint: dialect.indexHint('messages_room_id_spoken_at_index') };
  return {
    async findMessage(roomId, messageId) {
      const row = await database
        .fork()
        .findOne(MessageEntity, { id: messageId, room: roomId }, { ...WITH_AUTHOR });
      return row && toMessage(row);
    },

    async listMessages(roomId, { before, after, limit }) {
      const forwards = after !== undefined;
      const rows = await database.fork().find(
        MessageEntity,
        {
          room: roomId,
          ...((before !== undefined || forwards) && {
            seq: { ...(before !== undefined && { $lt: before }), ...(forwards && { $gt: after }) },
          }),
        },
        { ...WITH_AUTHOR, ...bySeq, orderBy: { seq: forwards ? 'asc' : 'desc' }, limit },
      );
      const messages = rows.map(toMessage);
      return forwards ? messages : messages.reverse();
    },

    async changesAfter(roomId, rev, limit) {
      const rows = await database
        .fork()
        .find(
          MessageEntity,
          { room: roomId, rev: { $gt: rev } },
          { ...WITH_AUTHOR, ...byRev, orderBy: { rev: 'asc' }, limit },
        );
      return rows.map(toMessage);
    },

    async listSpoken(roomId, query) {
      const rows = await database.fork().find(MessageEntity, spokenIn(roomId, query), {
        ...WITH_AUTHOR,
        orderBy: { seq: 'asc' },
        limit: query.limit,
      });
      return rows.map(toMessage);
    },

    async listSpokenByTime(roomId, { after, ...query }) {
      const rows = await database
        .fork()
        .find(
          MessageEntity,
          { $and: [spokenIn(roomId, query), startedAfter(after)] },
          { ...WITH_AUTHOR, ...byTime, orderBy: { spokenAt: 'asc', id: 'asc' }, limit: query.limit },
        );
      return rows.map(toMessage);
    },
  };
}

function spokenIn(roomId: string, { from, to, speakerId, after }: SpokenQuery) {
  return {
    room: roomId,
    kind: 'speech' as const,
    deletedAt: null,
    ...((from || to) && { spokenAt: { ...(from && { $gte: from }), ...(to && { $lt: to }) } }),
    ...(speakerId && { author: speakerId }),
    ...(after !== undefined && { seq: { $gt: after } }),
  };
}

/** Messages after `last` by (spokenAt, id). The first condition is redundant, but the index can start at it. */
function startedAfter(last: SpokenByTimeQuery['after']) {
  if (!last) return { spokenAt: { $ne: null } };
  const at = new Date(last.startedAt);
  return { spokenAt: { $gte: at }, $or: [{ spokenAt: { $gt: at } }, { id: { $gt: last.id } }] };
}
