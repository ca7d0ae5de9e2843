import type { InferEntity } from '@mikro-orm/core';
import type { Message } from '../../contract/types.ts';
import type { MessageEntity } from './entities.ts';

/**
 * Authors by a left join: with an inner one the optimizer may begin at a small table of users and sort the whole room to
 * find its last page.
 */
export const WITH_AUTHOR = {
  populate: ['author'],
  populateHints: { author: { joinType: 'left join' } },
} as const;

/** A row, its author loaded, as the message it is. */
export function toMessage(row: InferEntity<typeof MessageEntity>): Message {
  return {
    id: row.id,
    roomId: row.room.id,
    seq: row.seq,
    rev: row.rev,
    kind: row.kind,
    author: { id: row.author.id, name: row.author.name },
    clientId: row.clientId ?? null,
    text: row.text ?? null,
    replyTo: row.replyTo ?? null,
    mentions: row.mentions ?? [],
    reactions: row.reactions ?? [],
    createdAt: row.createdAt.toISOString(),
    editedAt: row.editedAt?.toISOString() ?? null,
    deletedAt: row.deletedAt?.toISOString() ?? null,
    speech: row.speech ?? null,
  };
}
