import { createPool } from 'mysql2/promise';
import type { Store } from '../db/store.ts';
import { addPerson, addRoom, append, typed } from '../db/testing/material.ts';
import { createMemoryBus } from '../server/bus/memory.ts';
import { createFeeds } from '../server/chat/feeds.ts';
import { Turns } from '../server/flow/turns.ts';
import { createLog } from '../server/log.ts';
import { percentile } from './percentile.ts';
import { timed } from './writing.ts';

const TIMES = 300;
const PAGE = 50;
const BEHIND = 1_000;

export type ReadingFigures = {
  /** Median milliseconds of a page of 50 as JSON, and its speed as a share of the bare driver's. */
  list: { ms: number; ratio: number };
  /** Milliseconds until a subscriber who was 1,000 changes behind has them all. */
  catchUpMs: number;
};

/** @param databaseUrl of a MySQL; without one there is no bare driver to compare with. */
export async function measureReading(store: Store, databaseUrl: string): Promise<ReadingFigures> {
  const ada = await addPerson(store);
  const roomId = await addRoom(store, ada);
  for (let i = 0; i < BEHIND; i += 200) {
    await append(
      store,
      Array.from({ length: 200 }, () => typed(roomId, ada, { text: `message ${i}` })),
    );
  }
  return {
    list: await measureList(store, databaseUrl, roomId),
    catchUpMs: await measureCatchUp(store, roomId, ada),
  };
}

async function measureList(store: Store, databaseUrl: string, roomId: string) {
  const pool = createPool({ uri: databaseUrl, connectionLimit: 1, timezone: 'Z' });
  const query = `select m.*, u.name from messages m join users u on u.id = m.author_id
    where m.room_id = ? order by m.seq desc limit ${PAGE}`;
  const ours = async () => JSON.stringify(await store.listMessages(roomId, { limit: PAGE }));
  const bare = async () => JSON.stringify((await pool.query(query, [roomId]))[0]);
  const own: number[] = [];
  const theirs: number[] = [];
  for (let i = 0; i < TIMES; i += 1) {
    theirs.push(await timed(bare));
    own.push(await timed(ours));
  }
  await pool.end();
  const ms = percentile(own, 0.5);
  return { ms, ratio: percentile(theirs, 0.5) / ms };
}

async function measureCatchUp(
  store: Store,
  roomId: string,
  user: { id: string; name: string },
): Promise<number> {
  const log = createLog('silent');
  const feeds = createFeeds({
    store,
    bus: createMemoryBus(log),
    watch: () => () => {},
    turns: new Turns(),
    log,
  });
  const times: number[] = [];
  for (let i = 0; i < 20; i += 1) {
    const subscription = await feeds.subscribe({ user, roomId, cursor: '0' });
    times.push(
      await timed(async () => {
        for await (const { cursor } of subscription) if (cursor === BEHIND) break;
      }),
    );
  }
  feeds.close();
  return percentile(times, 0.5);
}
