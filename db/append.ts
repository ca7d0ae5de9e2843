import type { SqlEntityManager } from '@mikro-orm/sql';
import type { Message } from '../server/contract/types.ts';
import { AppError } from '../server/errors.ts';
import { MessageEntity, RoomEntity } from './entities.ts';
import { asStoreError, isPassing } from './failures.ts';
import { toMessage } from './messageTable.ts';
import { lockRooms } from './roomTable.ts';
import type { Fork } from './sqlStore.ts';
import type { AppendOutcome, Head, NewMessage } from './store.ts';

/**
 * One transaction for all. If the database refuses it because of one row, each message gets a transaction of its
 * own, so that the bad row fails alone; a database that is away or busy fails all, for the callers to repeat.
 */
export async function appendMessages(fork: Fork, messages: NewMessage[]): Promise<AppendOutcome[]> {
  try {
    return await fork().transactional((em) => appendTogether(em, messages));
  } catch (error) {
    if (isPassing(error)) throw error;
    return messages.length === 1 ? [{ error }] : appendOneByOne(fork, messages);
  }
}

async function appendOneByOne(fork: Fork, messages: NewMessage[]): Promise<AppendOutcome[]> {
  const outcomes: AppendOutcome[] = [];
  for (const message of messages) {
    const [outcome] = await appendMessages(fork, [message]).catch((error) => [
      { error: asStoreError(error) },
    ]);
    outcomes.push(outcome as AppendOutcome);
  }
  return outcomes;
}

async function appendTogether(em: SqlEntityManager, messages: NewMessage[]): Promise<AppendOutcome[]> {
  const roomIds = [...new Set(messages.map((message) => message.roomId))];
  await lockRooms(em, roomIds);
  const heads = await readHeads(em, roomIds);
  const known = await findKnown(em, messages);
  const fresh: Message[] = [];

  const outcomes = messages.map((message): AppendOutcome => {
    const earlier = identities(message)
      .map((key) => known.get(key))
      .find(Boolean);
    if (earlier) return { message: earlier, repeated: true };
    const head = heads.get(message.roomId);
    if (!head) return { error: new AppError('NOT_FOUND', 'room_unknown', 'There is no such room.') };
    const placed = place(message, head);
    fresh.push(placed);
    for (const key of identities(message)) known.set(key, placed);
    return { message: placed, repeated: false };
  });

  if (fresh.length > 0) await insert(em, fresh, heads);
  return outcomes;
}

async function readHeads(em: SqlEntityManager, roomIds: string[]): Promise<Map<string, Head>> {
  const rows = await em.find(RoomEntity, { id: { $in: roomIds } }, { fields: ['id', 'lastSeq', 'rev'] });
  return new Map(rows.map((row) => [row.id, { lastSeq: row.lastSeq, rev: row.rev }]));
}

/** A message is the same one if its id is, or if its author used its clientId in this room before. */
function identities({ id, roomId, author, clientId }: NewMessage): string[] {
  return clientId === null ? [id] : [id, `${roomId} ${author.id} ${clientId}`];
}

async function findKnown(em: SqlEntityManager, messages: NewMessage[]): Promise<Map<string, Message>> {
  const sent = messages.filter((message) => message.clientId !== null);
  const rows = await em.find(
    MessageEntity,
    {
      $or: [
        { id: { $in: messages.map((message) => message.id) } },
        ...sent.map(({ roomId, author, clientId }) => ({ room: roomId, author: author.id, clientId })),
      ],
    },
    { populate: ['author'] },
  );
  return new Map(rows.map(toMessage).flatMap((message) => identities(message).map((key) => [key, message])));
}

function place(message: NewMessage, head: Head): Message {
  head.lastSeq += 1;
  head.rev += 1;
  return { ...message, seq: head.lastSeq, rev: head.rev, reactions: [], editedAt: null, deletedAt: null };
}

async function insert(em: SqlEntityManager, messages: Message[], heads: Map<string, Head>): Promise<void> {
  await em.insertMany(MessageEntity, messages.map(toRow));
  for (const roomId of new Set(messages.map((message) => message.roomId))) {
    await em.nativeUpdate(RoomEntity, { id: roomId }, heads.get(roomId) as Head);
  }
}

function toRow({ roomId, author, reactions: _, editedAt: __, deletedAt: ___, ...message }: Message) {
  return {
    ...message,
    room: roomId,
    author: author.id,
    createdAt: new Date(message.createdAt),
    spokenAt: message.speech && new Date(message.speech.startedAt),
  };
}
