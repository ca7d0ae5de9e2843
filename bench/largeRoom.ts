import type { Store } from '../db/store.ts';
import { addPerson, addRoom, append, kept, typed } from '../db/testing/material.ts';
import { searchMessages } from '../server/chat/search.ts';
import { percentile } from './percentile.ts';
import { timed } from './writing.ts';

export type Sql = {
  execute: (sql: string) => Promise<unknown>;
  /** The SQL expression for a new id. */
  newId: string;
  /** The database's plan for a query, one line for each step. */
  explain: (sql: string) => Promise<string[]>;
};

const SMALL = 1_000;
const LARGE = 1_000_000;
const BATCH = 500;
/** How often each query runs. The figure is the median. */
const TIMES = 20;

/** Runs the same queries in a room of a thousand messages and in one of a million, in one database. */
export async function measureLargeRoom(store: Store, sql: Sql, print: (line: string) => void): Promise<void> {
  const ada = await addPerson(store);
  const [small, large] = [await addRoom(store, ada), await addRoom(store, ada)];
  for (const roomId of [small, large]) {
    await append(store, [typed(roomId, ada, { text: 'the one needle' })]);
    for (let seq = 1; seq < SMALL; seq += BATCH) {
      const texts = Array.from(
        { length: Math.min(BATCH, SMALL - seq) },
        (_, i) => `message number ${seq + i}`,
      );
      kept(
        await append(
          store,
          texts.map((text) => typed(roomId, ada, { text })),
        ),
      );
    }
  }
  await grow(sql, large);

  const queries: [string, (roomId: string, size: number) => Promise<unknown>][] = [
    ['the newest page', (roomId) => store.listMessages(roomId, { limit: 50 })],
    ['a page in the middle', (roomId, size) => store.listMessages(roomId, { before: size / 2, limit: 50 })],
    ['the newest 1,000 changes', (roomId, size) => store.changesAfter(roomId, size - 1_000, 1_000)],
    ['a rare word', (roomId) => searchMessages(store, ada.id, { roomId, query: 'needle', limit: 20 })],
    ['a common word', (roomId) => searchMessages(store, ada.id, { roomId, query: 'number', limit: 20 })],
    ['the room with its unread count', (roomId) => store.findRoom(roomId, ada.id)],
  ];
  print(`  ${'a room of'.padEnd(34)}${SMALL.toLocaleString('en')} ${LARGE.toLocaleString('en')} messages`);
  for (const [name, run] of queries) {
    const [few, many] = [await median(() => run(small, SMALL)), await median(() => run(large, LARGE))];
    print(`  ${name.padEnd(34)}${few.toFixed(2)} ms  ${many.toFixed(2)} ms`);
  }
  for (const order of ['seq < 500000 order by seq', 'rev > 999000 order by rev']) {
    const plan = await sql.explain(`select * from messages where room_id = '${large}' and ${order} limit 50`);
    print(`  explain … ${order}: ${plan.join('; ')}`);
  }
}

/** Doubles the room until it is large. Sending a million messages through the store would take an hour. */
async function grow({ execute, newId }: Sql, roomId: string): Promise<void> {
  for (let size = SMALL; size < LARGE; size = Math.min(LARGE, size * 2)) {
    await execute(`insert into messages (id, room_id, seq, rev, kind, author_id, client_id, text, folded, created_at)
      select ${newId}, room_id, seq + ${size}, rev + ${size}, kind, author_id, ${newId},
        replace(text, 'needle', 'thread'), replace(folded, 'needle', 'thread'), created_at
      from messages where room_id = '${roomId}' and seq <= ${LARGE - size}`);
  }
  await execute(`update chat_rooms set last_seq = ${LARGE}, rev = ${LARGE} where id = '${roomId}'`);
}

async function median(run: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < TIMES; i += 1) times.push(await timed(run));
  return percentile(times, 0.5);
}
