import type { SqlEntityManager } from '@mikro-orm/sql';
import type { Message } from '../../contract/types.ts';
import type { Change, NewMessage } from '../store.ts';
import { MessageEntity } from './entities.ts';
import { toMessage, WITH_AUTHOR } from './messageRow.ts';

/** A message is the same one if its id is, or if its author used its clientId in this room before. */
export function identities({
  id,
  roomId,
  author,
  clientId,
}: Pick<NewMessage, 'id' | 'roomId' | 'author' | 'clientId'>): string[] {
  return clientId === null ? [id] : [id, `${roomId} ${author.id} ${clientId}`];
}

/**
 * The messages that changes speak of, by their identities.
 * @param fork the transaction's unit of work, for whoever has to look.
 * @param repeats whether to look also for new messages that stand there already.
 */
export async function findKnown(
  fork: () => SqlEntityManager,
  changes: Change[],
  repeats: boolean,
): Promise<Map<string, Message>> {
  const amended = changes.flatMap((change) => (change.type === 'append' ? [] : [change.messageId]));
  const appended = changes.flatMap((change) => (repeats && change.type === 'append' ? [change.message] : []));
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
  return new Map(rows.map(toMessage).flatMap((message) => identities(message).map((key) => [key, message])));
}
