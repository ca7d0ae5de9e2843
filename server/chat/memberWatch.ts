import type { Store } from '../../db/store.ts';
import type { Log } from '../log.ts';

/** Calls `onLost` once if the user turns out to belong to the room no more. @returns what ends the watch. */
export type MemberWatch = (roomId: string, userId: string, onLost: () => void) => () => void;

type Watched = { roomId: string; userId: string; onLost: () => void };

/** How long somebody may go on listening whose leaving the bus has lost. */
const ASK_MS = 10_000;

/**
 * Asks again, from time to time, whether those who listen or speak still belong to their rooms. That somebody left is
 * told by the bus, at once; but the bus may lose it, and the database is the truth.
 */
export function createMemberWatch(
  store: Pick<Store, 'findMembers'>,
  log: Log,
): { watch: MemberWatch; close: () => void } {
  const watched = new Set<Watched>();
  let asking = false;

  const askRoom = async (roomId: string, people: Watched[]) => {
    const userIds = [...new Set(people.map(({ userId }) => userId))];
    const members = new Set(await store.findMembers(roomId, userIds));
    for (const one of people) {
      if (!members.has(one.userId) && watched.delete(one)) one.onLost();
    }
  };

  const ask = async () => {
    if (asking) return;
    asking = true;
    try {
      const rooms = Map.groupBy(watched, ({ roomId }) => roomId);
      for (const [roomId, people] of rooms) await askRoom(roomId, people);
    } catch (error) {
      log.warn({ err: error }, 'could not ask who still belongs to the rooms');
    } finally {
      asking = false;
    }
  };

  const timer = setInterval(() => void ask(), ASK_MS).unref();
  return {
    watch(roomId, userId, onLost) {
      const one = { roomId, userId, onLost };
      watched.add(one);
      return () => void watched.delete(one);
    },
    close: () => clearInterval(timer),
  };
}
