import type { Store } from '../../db/store.ts';
import type { Log } from '../log.ts';
import type { Feed } from './feed.ts';

/** How long a hint that the bus lost can go unseen. */
const SWEEP_MS = 2_000;

/**
 * Tells the feeds every two seconds how far their rooms are in the store, in one query for all. A database that has
 * not answered yet is not asked again.
 * @returns what stops it.
 */
export function startSweep(
  rooms: ReadonlyMap<string, Promise<{ feed: Feed }>>,
  store: Pick<Store, 'heads'>,
  log: Log,
): () => void {
  let sweeping = false;

  const sweep = async () => {
    if (rooms.size === 0 || sweeping) return;
    sweeping = true;
    try {
      const heads = await store.heads([...rooms.keys()]);
      for (const [roomId, { rev }] of heads) notice(roomId, rev);
    } catch (error) {
      log.warn({ err: error }, 'could not sweep the heads of the rooms');
    } finally {
      sweeping = false;
    }
  };

  /** A room that could not be opened has told those who asked for it; the sweep goes on without it. */
  const notice = (roomId: string, rev: number) =>
    rooms.get(roomId)?.then(
      ({ feed }) => feed.noticeRev(rev),
      () => {},
    );

  const timer = setInterval(() => void sweep(), SWEEP_MS).unref();
  return () => clearInterval(timer);
}
