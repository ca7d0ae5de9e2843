import { createPool } from 'mysql2/promise';
import type { Store } from '../db/store.ts';
import { addPerson, addRoom, append, typed } from '../db/testing/material.ts';
import { createMemoryBus } from '../server/bus/memory.ts';
import { createFeeds } from '../server/chat/feeds.ts';
import { Turns } from '../server/flow/turns.ts';
import { createLog } from '../server/log.ts';
import { percentile } from './percentile.ts';
import { timed } from './writing.ts';

const LIST_TIMES = 300;
const CATCH_UP_TIMES = 20;
const PAGE = 50;
const BEHIND = 1_000;

export type ReadingFigures = {
  /** A page of 50 messages as JSON: the median in ms, and the bare driver's time divided by it (1: as fast). */
  list: { ms: number; ratio: number };
  /** The median in ms until a subscriber that missed 1,000 changes has them all. */
  catchUpMs: number;
};

/** Measures reads of the timeline. @param databaseUrl MySQL or MariaDB, for the bare driver. */
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
  const oursMs: number[] = [];
  const bareMs: number[] = [];
  for (let i = 0; i < LIST_TIMES; i += 1) {
    bareMs.push(await timed(bare));
    oursMs.push(await timed(ours));
  }
  await pool.end();
  const ms = percentile(oursMs, 0.5);
  return { ms, ratio: percentile(bareMs, 0.5) / ms };
}

async function measureCatchUp(
  store: Store,
  roomId: string,
  user: { id: string; name: string },
): Promise<number> {
  const log = createLog('silent');
  const feeds = createFeeds({
    process: 'bench',
    store,
    bus: createMemoryBus(log),
    watch: () => () => {},
    turns: new Turns(),
    log,
  });
  const times: number[] = [];
  for (let i = 0; i < CATCH_UP_TIMES; i += 1) {
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
