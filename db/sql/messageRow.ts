import type { InferEntity } from '@mikro-orm/core';
import type { Message } from '../../contract/types.ts';
import type { MessageEntity } from './entities.ts';

/**
 * Loads the author with a left join. With an inner join the optimizer may start at a small table of users, and then sorts
 * the whole room to find its last page.
 */
export const WITH_AUTHOR = {
  populate: ['author'],
  populateHints: { author: { joinType: 'left join' } },
} as const;

/** Converts a row with a loaded author to a message. */
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
