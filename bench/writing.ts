import { randomUUID, randomUUIDv7 } from 'node:crypto';
import { createPool, type Pool } from 'mysql2/promise';
import type { User } from '../contract/types.ts';
import type { Store } from '../db/store.ts';
import { addPerson, addRoom, append, typed } from '../db/testing/material.ts';
import { createMemoryBus } from '../server/bus/memory.ts';
import { createWriter } from '../server/chat/writer.ts';
import { createLog } from '../server/log.ts';
import { percentile } from './percentile.ts';

export const SENDERS = 64;
const ROUNDS = 5;
const ROUND_MS = 1_500;
const LONE_SENDS = 300;

type Send = (roomId: string) => Promise<unknown>;

export type WritingFigures = {
  oneRoom: Rates;
  manyRooms: Rates;
  /** A lone sender: the median in ms, and that divided by the time of the bare driver's transaction. */
  lone: { ms: number; ratio: number };
};

/** Acked messages per second, and ratios to one transaction per message. All are medians of the rounds. */
export type Rates = {
  perSecond: number;
  /** Ratio to the same store without the writer's lanes. */
  timesSingly: number;
  /** Ratio to the bare driver, which executes only the statements that are needed. */
  timesBare: number;
};

/** Compares the product's writer with one transaction per message, in turns, on the same tables. */
export async function measureWriting(store: Store, databaseUrl: string): Promise<WritingFigures> {
  const ada = await addPerson(store);
  const rooms = await Promise.all(Array.from({ length: SENDERS }, () => addRoom(store, ada)));
  const writer = createWriter(store, createMemoryBus(createLog('silent')));
  const pool = createPool({ uri: databaseUrl, connectionLimit: 10, timezone: 'Z' });
  const ours: Send = (roomId) => writer.write({ type: 'append', message: typed(roomId, ada) });
  const singly: Send = (roomId) => append(store, [typed(roomId, ada)]);
  const bare: Send = (roomId) => bareSend(pool, roomId, ada);
  try {
    return {
      oneRoom: await compare({ ours, singly, bare }, () => rooms[0] as string),
      manyRooms: await compare({ ours, singly, bare }, (sender) => rooms[sender] as string),
      lone: await compareLone(ours, bare, rooms[0] as string),
    };
  } finally {
    await pool.end();
  }
}

/** Writes one message as a server without group commit does: lock the room, insert, update the counters, commit. */
async function bareSend(pool: Pool, roomId: string, author: User): Promise<void> {
  const connection = await pool.getConnection();
  try {
    await connection.query('begin');
    const [rows] = await connection.query('select last_seq, rev from chat_rooms where id = ? for update', [
      roomId,
    ]);
    const [head] = rows as [{ last_seq: number; rev: number }];
    await connection.query(
      `insert into messages (id, room_id, seq, rev, kind, author_id, client_id, text, created_at)
        values (?, ?, ?, ?, 'text', ?, ?, 'hello', ?)`,
      [randomUUIDv7(), roomId, head.last_seq + 1, head.rev + 1, author.id, randomUUID(), new Date()],
    );
    await connection.query('update chat_rooms set last_seq = ?, rev = ? where id = ?', [
      head.last_seq + 1,
      head.rev + 1,
      roomId,
    ]);
    await connection.query('commit');
  } finally {
    connection.release();
  }
}

async function compare(
  { ours, singly, bare }: Record<'ours' | 'singly' | 'bare', Send>,
  roomOf: (sender: number) => string,
): Promise<Rates> {
  const rounds: Rates[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const singlyRate = await perSecond(singly, roomOf);
    const bareRate = await perSecond(bare, roomOf);
    const ownRate = await perSecond(ours, roomOf);
    rounds.push({ perSecond: ownRate, timesSingly: ownRate / singlyRate, timesBare: ownRate / bareRate });
  }
  const median = (figure: keyof Rates) =>
    percentile(
      rounds.map((round) => round[figure]),
      0.5,
    );
  return {
    perSecond: median('perSecond'),
    timesSingly: median('timesSingly'),
    timesBare: median('timesBare'),
  };
}

async function perSecond(send: Send, roomOf: (sender: number) => string): Promise<number> {
  let acked = 0;
  const startedAt = performance.now();
  const senders = Array.from({ length: SENDERS }, async (_, sender) => {
    while (performance.now() - startedAt < ROUND_MS) {
      await send(roomOf(sender));
      acked += 1;
    }
  });
  await Promise.all(senders);
  return (acked * 1_000) / (performance.now() - startedAt);
}

async function compareLone(ours: Send, bare: Send, roomId: string) {
  const oursMs: number[] = [];
  const bareMs: number[] = [];
  for (let i = 0; i < LONE_SENDS; i += 1) {
    bareMs.push(await timed(() => bare(roomId)));
    oursMs.push(await timed(() => ours(roomId)));
  }
  const ms = percentile(oursMs, 0.5);
  return { ms, ratio: ms / percentile(bareMs, 0.5) };
}

/** @returns the milliseconds that `act` takes. */
export async function timed(act: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await act();
  return performance.now() - startedAt;
}
