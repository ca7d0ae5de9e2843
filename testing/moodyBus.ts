import type { Bus, BusEvent } from '../server/bus/bus.ts';
import { createMemoryBus } from '../server/bus/memory.ts';
import { createNotedLog } from './notedLog.ts';

export type MoodyBus = Bus & {
  /** How many hints are under way. */
  held: () => number;
  /** Delivers the hint at this place of the queue, whosever turn it is, and keeps it if it is to come again. */
  deliver: (at: number, again: boolean) => void;
  lose: (at: number) => void;
};

/** A bus that does with messages what the port allows, and worse: it loses, doubles, delays and reorders them. */
export function createMoodyBus(): MoodyBus {
  const bus = createMemoryBus(createNotedLog());
  const queue: { roomId: string; event: BusEvent }[] = [];
  const place = (at: number) => (queue.length === 0 ? 0 : at % queue.length);
  return {
    ...bus,
    publish(roomId, event) {
      if (event.type === 'message') queue.push({ roomId, event });
      else bus.publish(roomId, event);
    },
    held: () => queue.length,
    deliver(at, again) {
      const [hint] = again ? queue.slice(place(at), place(at) + 1) : queue.splice(place(at), 1);
      if (hint) bus.publish(hint.roomId, hint.event);
    },
    lose(at) {
      queue.splice(place(at), 1);
    },
  };
}
