import type { Store } from '../db/store.ts';
import { addPerson, addRoom, append, kept, typed } from '../db/testing/material.ts';
import { percentile } from './percentile.ts';
import { timed } from './writing.ts';

export type Sql = {
  execute: (sql: string) => Promise<unknown>;
  /** A new id, as an expression. */
  newId: string;
  /** How the database would go about a query: a line each. */
  explain: (sql: string) => Promise<string[]>;
};

const SMALL = 1_000;
const LARGE = 1_000_000;
const BATCH = 500;
const TIMES = 20;

/** The same questions to a room of a thousand messages and to one of a million, in one database. */
export async function measureLargeRoom(store: Store, sql: Sql, say: (line: string) => void): Promise<void> {
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

  const questions: [string, (roomId: string, size: number) => Promise<unknown>][] = [
    ['the newest page', (roomId) => store.listMessages(roomId, { limit: 50 })],
    ['a page in the middle', (roomId, size) => store.listMessages(roomId, { before: size / 2, limit: 50 })],
    ['1,000 changes missed', (roomId, size) => store.changesAfter(roomId, size - 1_000, 1_000)],
    ['a rare word', (roomId) => store.searchMessages(ada.id, { roomId, words: 'needle', limit: 20 })],
    ['a common word', (roomId) => store.searchMessages(ada.id, { roomId, words: 'number', limit: 20 })],
    ['the room with what is unread', (roomId) => store.findRoom(roomId, ada.id)],
  ];
  say(`  ${'a room of'.padEnd(34)}${SMALL.toLocaleString('en')} ${LARGE.toLocaleString('en')} messages`);
  for (const [what, ask] of questions) {
    const [few, many] = [await median(() => ask(small, SMALL)), await median(() => ask(large, LARGE))];
    say(`  ${what.padEnd(34)}${few.toFixed(2)} ms  ${many.toFixed(2)} ms`);
  }
  for (const order of ['seq < 500000 order by seq', 'rev > 999000 order by rev']) {
    const plan = await sql.explain(`select * from messages where room_id = '${large}' and ${order} limit 50`);
    say(`  explain … ${order}: ${plan.join('; ')}`);
  }
}

/** Doubles the room until it is large; through the store it would take an hour. */
async function grow({ execute, newId }: Sql, roomId: string): Promise<void> {
  for (let size = SMALL; size < LARGE; size = Math.min(LARGE, size * 2)) {
    await execute(`insert into messages (id, room_id, seq, rev, kind, author_id, client_id, text, created_at)
      select ${newId}, room_id, seq + ${size}, rev + ${size}, kind, author_id, ${newId},
        replace(text, 'needle', 'thread'), created_at
      from messages where room_id = '${roomId}' and seq <= ${LARGE - size}`);
  }
  await execute(`update chat_rooms set last_seq = ${LARGE}, rev = ${LARGE} where id = '${roomId}'`);
}

async function median(ask: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < TIMES; i += 1) times.push(await timed(ask));
  return percentile(times, 0.5);
}
