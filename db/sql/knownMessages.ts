import type { SqlEntityManager } from '@mikro-orm/sql';
import type { Message } from '../../contract/types.ts';
import type { Change, NewMessage } from '../store.ts';
import { MessageEntity } from './entities.ts';
import { toMessage, WITH_AUTHOR } from './messageRow.ts';

/**
 * The keys that identify a message: its id, and for a typed one also (room, author, clientId). Two messages that share a
 * key are the same message.
 */
export function identityKeys({
  id,
  roomId,
  author,
  clientId,
}: Pick<NewMessage, 'id' | 'roomId' | 'author' | 'clientId'>): string[] {
  return clientId === null ? [id] : [id, `${roomId} ${author.id} ${clientId}`];
}

/**
 * Reads the existing messages that these changes refer to, by identity key.
 * @param fork opens a unit of work in the transaction. It is not called if there is nothing to read.
 * @param withRepeats whether to look also for messages that the changes append but the database already has.
 */
export async function findKnown(
  fork: () => SqlEntityManager,
  changes: Change[],
  withRepeats: boolean,
): Promise<Map<string, Message>> {
  const amended = changes.flatMap((change) => (change.type === 'append' ? [] : [change.messageId]));
  const appended = changes.flatMap((change) =>
    withRepeats && change.type === 'append' ? [change.message] : [],
  );
  const ids = [...amended, ...appended.map(({ id }) => id)];
  if (ids.length === 0) return new Map();
  const sent = appended.filter(({ clientId }) => clientId !== null);
  const rows = await fork().find(
    MessageEntity,
    {
      $or: [
        { id: { $in: ids } },
        ...sent.map(({ roomId, author, clientId }) => ({ room: roomId, author: author.id, clientId })),
      ],
    },
    WITH_AUTHOR,
  );
  return new Map(
    rows.map(toMessage).flatMap((message) => identityKeys(message).map((key) => [key, message])),
  );
}
