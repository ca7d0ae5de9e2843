import type { Log } from '../log.ts';
import type { Bus, BusEvent } from './bus.ts';

/**
 * A bus for one process. It calls the listeners at once, in the order in which they subscribed. A listener that throws
 * is logged and stops neither the other listeners nor the publisher.
 */
export function createMemoryBus(log: Pick<Log, 'error'>): Bus {
  const rooms = new Map<string, Set<(event: BusEvent) => void>>();

  return {
    label: 'in memory (one process)',
    publish(roomId, event) {
      for (const listener of [...(rooms.get(roomId) ?? [])]) {
        try {
          listener(event);
        } catch (error) {
          log.error({ err: error }, 'a listener of the bus failed');
        }
      }
    },
    subscribe(roomId, listener) {
      const listeners = rooms.get(roomId) ?? new Set();
      rooms.set(roomId, listeners.add(listener));
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0 && rooms.get(roomId) === listeners) rooms.delete(roomId);
      };
    },
    isConnected: () => true,
    async close() {
      rooms.clear();
    },
  };
}
