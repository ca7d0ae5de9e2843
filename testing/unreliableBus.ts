import type { Bus, BusEvent } from '../server/bus/bus.ts';
import { createMemoryBus } from '../server/bus/memory.ts';
import { createNotedLog } from './notedLog.ts';

export type UnreliableBus = Bus & {
  /** How many message hints are published and not delivered yet. */
  held: () => number;
  /** Delivers the hint at this place of the queue, in any order. `again` keeps it in the queue, to deliver it twice. */
  deliver: (at: number, again: boolean) => void;
  /** Drops the hint at this place of the queue. */
  lose: (at: number) => void;
};

/** A bus that loses, doubles, delays and reorders message hints, as the test says. All other events pass at once. */
export function createUnreliableBus(): UnreliableBus {
  const bus = createMemoryBus(createNotedLog());
  const queue: { roomId: string; event: BusEvent }[] = [];
  const index = (at: number) => (queue.length === 0 ? 0 : at % queue.length);
  return {
    ...bus,
    publish(roomId, event) {
      if (event.type === 'message') queue.push({ roomId, event });
      else bus.publish(roomId, event);
    },
    held: () => queue.length,
    deliver(at, again) {
      const [hint] = again ? queue.slice(index(at), index(at) + 1) : queue.splice(index(at), 1);
      if (hint) bus.publish(hint.roomId, hint.event);
    },
    lose(at) {
      queue.splice(index(at), 1);
    },
  };
}
