import type { SqlEntityManager } from '@mikro-orm/sql';
import type { Message } from '../server/contract/types.ts';
import { MessageEntity } from './entities.ts';
import type { ChangeOutcome, Head } from './store.ts';

export type Heads = Map<string, Head>;

export async function insertMessages(em: SqlEntityManager, messages: Message[]): Promise<void> {
  if (messages.length > 0) await em.insertMany(MessageEntity, messages.map(toRow));
}

export async function updateMessages(em: SqlEntityManager, messages: Message[]): Promise<void> {
  for (const { id, ...message } of messages) {
    await em.nativeUpdate(
      MessageEntity,
      { id },
      {
        rev: message.rev,
        text: message.text,
        speech: message.speech,
        mentions: orNull(message.mentions),
        reactions: orNull(message.reactions),
        editedAt: message.editedAt && new Date(message.editedAt),
        deletedAt: message.deletedAt && new Date(message.deletedAt),
      },
    );
  }
}

/** One statement for all rooms: a lane may commit for many at once. */
export async function updateHeads(
  em: SqlEntityManager,
  outcomes: ChangeOutcome[],
  heads: Heads,
): Promise<void> {
  const rooms = new Set(
    outcomes.flatMap((outcome) => ('message' in outcome && outcome.changed ? [outcome.message.roomId] : [])),
  );
  const moved = [...heads].filter(([roomId]) => rooms.has(roomId));
  if (moved.length === 0) return;
  const pick = `case id ${'when ? then ? '.repeat(moved.length)}end`;
  await em.execute(
    `update chat_rooms set last_seq = ${pick}, rev = ${pick} where id in (${moved.map(() => '?').join(', ')})`,
    [
      ...moved.flatMap(([roomId, { lastSeq }]) => [roomId, lastSeq]),
      ...moved.flatMap(([roomId, { rev }]) => [roomId, rev]),
      ...moved.map(([roomId]) => roomId),
    ],
  );
}

function toRow({ roomId, author, editedAt, deletedAt, ...message }: Message) {
  return {
    ...message,
    room: roomId,
    author: author.id,
    mentions: orNull(message.mentions),
    reactions: orNull(message.reactions),
    createdAt: new Date(message.createdAt),
    editedAt: editedAt && new Date(editedAt),
    deletedAt: deletedAt && new Date(deletedAt),
    spokenAt: message.speech && new Date(message.speech.startedAt),
  };
}

function orNull<T>(list: T[]): T[] | null {
  return list.length > 0 ? list : null;
}
