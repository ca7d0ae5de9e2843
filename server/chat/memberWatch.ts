import type { Store } from '../../db/store.ts';
import type { Log } from '../log.ts';

/** Calls `onLost` once if the user is no longer a member of the room. @returns a function that ends the watch. */
export type MemberWatch = (roomId: string, userId: string, onLost: () => void) => () => void;

type Watched = { roomId: string; userId: string; onLost: () => void };

/** If the bus lost the event of a leave, that user reads and speaks in the room for this long at most. */
const CHECK_MS = 10_000;

/**
 * Checks from time to time whether the users who listen or speak are still members of their rooms. The bus reports a
 * leave at once, but the bus may lose events, and the database is the truth.
 */
export function createMemberWatch(
  store: Pick<Store, 'findMembers'>,
  log: Log,
): { watch: MemberWatch; close: () => void } {
  const watched = new Set<Watched>();
  let isChecking = false;

  const checkRoom = async (roomId: string, inRoom: Watched[]) => {
    const userIds = [...new Set(inRoom.map(({ userId }) => userId))];
    const members = new Set(await store.findMembers(roomId, userIds));
    for (const entry of inRoom) {
      if (!members.has(entry.userId) && watched.delete(entry)) entry.onLost();
    }
  };

  const checkAll = async () => {
    if (isChecking) return;
    isChecking = true;
    try {
      const rooms = Map.groupBy(watched, ({ roomId }) => roomId);
      for (const [roomId, inRoom] of rooms) await checkRoom(roomId, inRoom);
    } catch (error) {
      log.warn({ err: error }, 'could not check who is still a member; trying again soon');
    } finally {
      isChecking = false;
    }
  };

  const timer = setInterval(() => void checkAll(), CHECK_MS).unref();
  return {
    watch(roomId, userId, onLost) {
      const entry = { roomId, userId, onLost };
      watched.add(entry);
      return () => void watched.delete(entry);
    },
    close: () => clearInterval(timer),
  };
}
