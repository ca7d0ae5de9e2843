import type { Store } from '../../db/store.ts';
import type { Log } from '../log.ts';
import type { Feed } from './feed.ts';

/** A change whose hint the bus lost is noticed after this time at the latest. */
const SWEEP_MS = 2_000;

/**
 * Reads the current revs of all open rooms every two seconds, in one query, and passes them to the feeds. It does not
 * query again while the database still works on the last query.
 * @returns a function that stops the sweep.
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
      for (const [roomId, { rev }] of heads) passOn(roomId, rev);
    } catch (error) {
      log.warn({ err: error }, 'could not read the current revs of the rooms; trying again soon');
    } finally {
      sweeping = false;
    }
  };

  /** Skips a room that could not be opened: its subscribers have got the error. */
  const passOn = (roomId: string, rev: number) =>
    rooms.get(roomId)?.then(
      ({ feed }) => feed.noticeRev(rev),
      () => {},
    );

  const timer = setInterval(() => void sweep(), SWEEP_MS).unref();
  return () => clearInterval(timer);
}
