import { AppError } from '../../contract/errors.ts';
import type { UserRef } from '../../contract/types.ts';
import type { Store } from '../../db/store.ts';
import { type Bus, type BusEvent, LIVENESS } from '../bus/bus.ts';
import type { Outlet } from '../flow/outlet.ts';
import type { Turns } from '../flow/turns.ts';
import type { Turn } from '../flow/work.ts';
import type { Log } from '../log.ts';
import type { Delivery } from './delivery.ts';
import { Feed } from './feed.ts';
import type { MemberWatch } from './memberWatch.ts';
import { Subscription } from './subscription.ts';
import { startSweep } from './sweep.ts';

export type FeedsParts = {
  /** The id of this process on the bus. */
  process: string;
  store: Store;
  bus: Bus;
  watch: MemberWatch;
  turns: Turns;
  log: Log;
};

export type Subscribing = {
  user: UserRef;
  roomId: string;
  cursor?: string | undefined;
  outlet?: Outlet<Delivery> | undefined;
  turn?: Turn | undefined;
};

type Opened = { feed: Feed; detach: () => void };

export type Feeds = {
  subscribe: (subscribing: Subscribing) => Promise<Subscription>;
  /**
   * Stops the sweep and withdraws this process's users from the rooms. It leaves the subscriptions open: a client whose
   * subscription is stopped does not come back, but a client whose socket closes comes back with its cursor.
   */
  close: () => void;
};

/** The feeds of the rooms that have a subscriber in this process. A room without subscribers costs nothing. */
export function createFeeds({ process, store, bus, watch, turns, log }: FeedsParts): Feeds {
  const rooms = new Map<string, Promise<Opened>>();
  const subscriberCounts = new Map<string, number>();
  const stopSweep = startSweep(rooms, store, log);
  const announceTimer = setInterval(() => forEachFeed((feed) => feed.announce()), LIVENESS.announceMs);
  const checkTimer = setInterval(() => forEachFeed((feed) => feed.dropLost()), LIVENESS.checkMs);
  for (const timer of [announceTimer, checkTimer]) timer.unref();

  const forEachFeed = (act: (feed: Feed) => void) => {
    for (const opened of rooms.values()) {
      opened.then(
        ({ feed }) => act(feed),
        () => {},
      );
    }
  };

  /** Attaches to the bus before it reads the head. So no change is missed: the head includes it, or the bus brings it. */
  const open = async (roomId: string): Promise<Opened> => {
    const early: BusEvent[] = [];
    let receive = (event: BusEvent): void => void early.push(event);
    const detach = bus.subscribe(roomId, (event) => receive(event));
    try {
      const head = (await store.heads([roomId])).get(roomId);
      if (!head) throw new AppError('NOT_FOUND', 'room_unknown', 'There is no such room.');
      const feed = new Feed(roomId, head.rev, { process, store, bus, watch, turns, log });
      receive = (event) => feed.receive(event);
      early.forEach(receive);
      return { feed, detach };
    } catch (error) {
      detach();
      throw error;
    }
  };

  const acquire = (roomId: string): Promise<Opened> => {
    subscriberCounts.set(roomId, (subscriberCounts.get(roomId) ?? 0) + 1);
    const opened = rooms.get(roomId) ?? open(roomId);
    rooms.set(roomId, opened);
    return opened;
  };

  const release = (roomId: string) => {
    const left = (subscriberCounts.get(roomId) ?? 1) - 1;
    if (left > 0) return void subscriberCounts.set(roomId, left);
    subscriberCounts.delete(roomId);
    const opened = rooms.get(roomId);
    rooms.delete(roomId);
    opened?.then(
      ({ detach }) => detach(),
      () => {},
    );
  };

  return {
    async subscribe({ roomId, ...subscribing }) {
      const { feed } = await acquire(roomId).catch((error: unknown) => {
        release(roomId);
        throw error;
      });
      return new Subscription({ ...subscribing, feed, history: store, onReturn: () => release(roomId) });
    },
    close() {
      stopSweep();
      clearInterval(announceTimer);
      clearInterval(checkTimer);
      forEachFeed((feed) => feed.withdraw());
    },
  };
}
