import type { Message } from '../../contract/types.ts';
import { run, type Sql } from './database.ts';
import type { Dialect } from './dialect.ts';
import { foldedText } from './foldedText.ts';

const COLUMNS = [
  ...([
    'id',
    'room_id',
    'seq',
    'rev',
    'kind',
    'author_id',
    'client_id',
    'text',
    'folded',
    'reply_to',
  ] as const),
  ...(['mentions', 'reactions', 'created_at', 'edited_at', 'deleted_at', 'spoken_at', 'speech'] as const),
];
type Column = (typeof COLUMNS)[number];
/** The columns that an edit, a removal or a reaction can change. */
const AMENDABLE = [
  'rev',
  'text',
  'folded',
  'mentions',
  'reactions',
  'edited_at',
  'deleted_at',
  'speech',
] as const;

const INSERT = `insert into messages (${COLUMNS.join(', ')}) values `;
const PLACEHOLDERS = `(${COLUMNS.map(() => '?').join(', ')})`;
const UPDATE = `update messages set ${AMENDABLE.map((column) => `${column} = ?`).join(', ')} where id = ?`;

export async function insertMessages(
  sql: Sql,
  messages: Message[],
  toTimeValue: Dialect['toTimeValue'],
): Promise<void> {
  if (messages.length === 0) return;
  await run(
    sql,
    INSERT + messages.map(() => PLACEHOLDERS).join(', '),
    messages.flatMap((message) => valuesOf(COLUMNS, message, toTimeValue)),
  );
}

export async function updateMessages(
  sql: Sql,
  messages: Message[],
  toTimeValue: Dialect['toTimeValue'],
): Promise<void> {
  for (const message of messages)
    await run(sql, UPDATE, valuesOf([...AMENDABLE, 'id'], message, toTimeValue));
}

/** How far a room's seq and rev have advanced in a transaction. */
export type Advance = { seq: number; rev: number };

/** Advances the rooms' heads: one statement for all rooms with an equal advance, as most rooms of a batch have. */
export async function updateHeads(
  sql: Sql,
  advances: Map<string, Advance>,
  indexHint: Dialect['indexHint'],
): Promise<void> {
  for (const rooms of Map.groupBy(advances, ([, { seq, rev }]) => `${seq} ${rev}`).values()) {
    const [[, { seq, rev }]] = rooms as [[string, Advance]];
    const roomIds = rooms.map(([roomId]) => roomId);
    await run(
      sql,
      `update chat_rooms ${indexHint('primary')} set last_seq = last_seq + ?, rev = rev + ?
        where id in (${roomIds.map(() => '?').join(', ')})`,
      [seq, rev, ...roomIds],
    );
  }
}

type Value = string | number | null;

/** A message's values for these columns. */
function valuesOf(
  columns: readonly Column[],
  message: Message,
  toTimeValue: Dialect['toTimeValue'],
): Value[] {
  const when = (iso: string | null | undefined) => (iso ? toTimeValue(iso) : null);
  const row: Record<Column, Value> = {
    id: message.id,
    room_id: message.roomId,
    seq: message.seq,
    rev: message.rev,
    kind: message.kind,
    author_id: message.author.id,
    client_id: message.clientId,
    text: message.text,
    folded: foldedText(message.text),
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
