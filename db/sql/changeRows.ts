import type { Message } from '../../contract/types.ts';
import { run, type Sql } from './database.ts';
import type { Dialect } from './dialect.ts';

const COLUMNS = [
  ...(['id', 'room_id', 'seq', 'rev', 'kind', 'author_id', 'client_id', 'text', 'reply_to'] as const),
  ...(['mentions', 'reactions', 'created_at', 'edited_at', 'deleted_at', 'spoken_at', 'speech'] as const),
];
type Column = (typeof COLUMNS)[number];
/** What an edit, a removal or a reaction can change. */
const AMENDED = ['rev', 'text', 'mentions', 'reactions', 'edited_at', 'deleted_at', 'speech'] as const;

const INSERT = `insert into messages (${COLUMNS.join(', ')}) values `;
const PLACES = `(${COLUMNS.map(() => '?').join(', ')})`;
const UPDATE = `update messages set ${AMENDED.map((column) => `${column} = ?`).join(', ')} where id = ?`;

export async function insertMessages(sql: Sql, messages: Message[], time: Dialect['time']): Promise<void> {
  if (messages.length === 0) return;
  await run(
    sql,
    INSERT + messages.map(() => PLACES).join(', '),
    messages.flatMap((message) => valuesOf(COLUMNS, message, time)),
  );
}

export async function updateMessages(sql: Sql, messages: Message[], time: Dialect['time']): Promise<void> {
  for (const message of messages) await run(sql, UPDATE, valuesOf([...AMENDED, 'id'], message, time));
}

/** By how much the seq and the rev of a room have grown. */
export type Growth = { seq: number; rev: number };

/** One statement for all rooms that have grown by the same, as most rooms of a batch have. */
export async function updateHeads(sql: Sql, grown: Map<string, Growth>, by: Dialect['by']): Promise<void> {
  for (const alike of Map.groupBy(grown, ([, { seq, rev }]) => `${seq} ${rev}`).values()) {
    const [[, { seq, rev }]] = alike as [[string, Growth]];
    const roomIds = alike.map(([roomId]) => roomId);
    await run(
      sql,
      `update chat_rooms ${by('primary')} set last_seq = last_seq + ?, rev = rev + ?
        where id in (${roomIds.map(() => '?').join(', ')})`,
      [seq, rev, ...roomIds],
    );
  }
}

type Value = string | number | null;

/** What a message has in these columns. */
function valuesOf(columns: readonly Column[], message: Message, time: Dialect['time']): Value[] {
  const when = (iso: string | null | undefined) => (iso ? time(iso) : null);
  const row: Record<Column, Value> = {
    id: message.id,
    room_id: message.roomId,
    seq: message.seq,
    rev: message.rev,
    kind: message.kind,
    author_id: message.author.id,
    client_id: message.clientId,
    text: message.text,
    reply_to: message.replyTo,
    mentions: asJson(orNull(message.mentions)),
    reactions: asJson(orNull(message.reactions)),
    created_at: when(message.createdAt),
    edited_at: when(message.editedAt),
    deleted_at: when(message.deletedAt),
    spoken_at: when(message.speech?.startedAt),
    speech: asJson(message.speech),
  };
  return columns.map((column) => row[column]);
}

function asJson(value: object | null): string | null {
  return value && JSON.stringify(value);
}

function orNull<T>(list: T[]): T[] | null {
  return list.length > 0 ? list : null;
}
