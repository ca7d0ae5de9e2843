import type { SqlEntityManager } from '@mikro-orm/sql';
import type { Message } from '../server/contract/types.ts';
import type { Dialect } from './dialect.ts';
import { MessageEntity } from './entities.ts';
import { run } from './run.ts';
import type { Head } from './store.ts';

export type Heads = Map<string, Head>;

const COLUMNS = [
  ...['id', 'room_id', 'seq', 'rev', 'kind', 'author_id', 'client_id', 'text', 'reply_to', 'mentions'],
  ...['reactions', 'created_at', 'edited_at', 'deleted_at', 'spoken_at', 'speech'],
];
const ROW = `(${COLUMNS.map(() => '?').join(', ')})`;

/** Without the ORM's unit of work: this is the way of every message, and the ORM's would take longer than the insert. */
export async function insertMessages(
  em: SqlEntityManager,
  messages: Message[],
  time: Dialect['time'],
): Promise<void> {
  if (messages.length === 0) return;
  await run(
    em,
    `insert into messages (${COLUMNS.join(', ')}) values ${messages.map(() => ROW).join(', ')}`,
    messages.flatMap((message) => toValues(message, time)),
  );
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

/** By how much the seq and the rev of a room have grown. */
export type Growth = { seq: number; rev: number };

/** One statement for all rooms that have grown by the same, as most rooms of a batch have. */
export async function updateHeads(
  em: SqlEntityManager,
  grown: Map<string, Growth>,
  by: Dialect['by'],
): Promise<void> {
  for (const alike of Map.groupBy(grown, ([, { seq, rev }]) => `${seq} ${rev}`).values()) {
    const [[, { seq, rev }]] = alike as [[string, Growth]];
    const roomIds = alike.map(([roomId]) => roomId);
    await run(
      em,
      `update chat_rooms ${by('primary')} set last_seq = last_seq + ?, rev = rev + ?
        where id in (${roomIds.map(() => '?').join(', ')})`,
      [seq, rev, ...roomIds],
    );
  }
}

/** In the order of the columns. */
function toValues(message: Message, time: Dialect['time']): (string | number | null)[] {
  const { id, roomId, seq, rev, kind, author, clientId, text, replyTo, mentions, reactions, speech } =
    message;
  const when = (iso: string | null | undefined) => (iso ? time(iso) : null);
  return [
    ...[id, roomId, seq, rev, kind, author.id, clientId, text, replyTo],
    ...[asJson(orNull(mentions)), asJson(orNull(reactions))],
    ...[when(message.createdAt), when(message.editedAt), when(message.deletedAt), when(speech?.startedAt)],
    asJson(speech),
  ];
}

function asJson(value: object | null): string | null {
  return value && JSON.stringify(value);
}

function orNull<T>(list: T[]): T[] | null {
  return list.length > 0 ? list : null;
}
