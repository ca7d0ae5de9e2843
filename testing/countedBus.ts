import type { Bus, BusEvent } from '../server/bus/bus.ts';
import { createMemoryBus } from '../server/bus/memory.ts';
import { createNotedLog } from './notedLog.ts';

export type CountedBus = Bus & {
  /** How many listeners are attached, over all rooms. */
  listeners: () => number;
  /** Everything published so far. */
  published: { roomId: string; event: BusEvent }[];
};

/** The in-memory bus. It counts its listeners and records everything that is published. */
export function createCountedBus(): CountedBus {
  const bus = createMemoryBus(createNotedLog());
  const attached = new Set<symbol>();
  const published: CountedBus['published'] = [];
  return {
    ...bus,
    listeners: () => attached.size,
    published,
    publish(roomId, event) {
      published.push({ roomId, event });
      bus.publish(roomId, event);
    },
    subscribe(roomId, listener) {
      const key = Symbol(roomId);
      const detach = bus.subscribe(roomId, listener);
      attached.add(key);
      return () => {
        attached.delete(key);
        detach();
      };
    },
  };
}
