import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Message } from '../../../contract/types.ts';
import type { Bus, BusEvent } from '../bus.ts';

const message = (rev: number): BusEvent => ({
  type: 'message',
  message: { rev, text: '안녕 👋' } as Message,
});

/** Tests the promises of the port. `open` returns the buses of two processes, or the same bus twice. */
export function describeBus(name: string, open: () => Promise<[Bus, Bus]>): void {
  describe(`${name} keeps the promises of a bus`, () => {
    let here: Bus;
    let there: Bus;
    beforeAll(async () => {
      [here, there] = await open();
      await vi.waitFor(() => expect(here.isConnected() && there.isConnected()).toBe(true));
    });
    afterAll(async () => {
      await here.close();
      await there.close();
    });

    /** Attaches a listener in each process and waits until both receive events. */
    const listen = async () => {
      const roomId = randomUUID();
      const received: [BusEvent[], BusEvent[]] = [[], []];
      const detach = [here, there].map((bus, i) =>
        bus.subscribe(roomId, (event) => received[i]?.push(event)),
      );
      const mark = (bus: Bus, process: string) => bus.publish(roomId, { type: 'presence-wanted', process });
      const expectBothReceived = (...marks: string[]) => {
        for (const events of received) {
          const processes = events.map((event) => 'process' in event && event.process);
          expect(processes).toEqual(expect.arrayContaining(marks));
        }
      };
      await vi.waitFor(() => {
        mark(here, 'here');
        mark(there, 'there');
        expectBothReceived('here', 'there');
      });
      // The order of one publisher is kept, so nothing is under way behind these last marks.
      mark(here, 'last of here');
      mark(there, 'last of there');
      await vi.waitFor(() => expectBothReceived('last of here', 'last of there'));
      for (const events of received) events.length = 0;
      return { roomId, received, detach };
    };

    test('an event reaches every process once, in the order of publishing', async () => {
      const { roomId, received } = await listen();
      const events = Array.from({ length: 200 }, (_, i) => message(i + 1));
      for (const event of events) here.publish(roomId, event);
      await vi.waitFor(() => expect(received[1]).toHaveLength(200));
      expect(received).toEqual([events, events]);
    });

    test('the publishing process receives its event at once', async () => {
      const { roomId, received } = await listen();
      there.publish(roomId, message(1));
      expect(received[1]).toEqual([message(1)]);
    });

    test('a listener receives only the events of its room, and none after it is detached', async () => {
      const [one, two] = [await listen(), await listen()];
      one.detach[1]?.();
      here.publish(one.roomId, message(1));
      here.publish(two.roomId, message(2));
      await vi.waitFor(() => expect(two.received[1]).toEqual([message(2)]));
      expect([one.received[0], one.received[1]]).toEqual([[message(1)], []]);
      const again: BusEvent[] = [];
      there.subscribe(one.roomId, (event) => again.push(event));
      await vi.waitFor(() => {
        here.publish(one.roomId, message(3));
        expect(again).not.toEqual([]);
      });
      expect(one.received[1]).toEqual([]);
    });

    test('the listeners of a room are called in the order in which they subscribed', async () => {
      const roomId = randomUUID();
      const order: number[] = [];
      const detach = [1, 2, 3].map((i) => here.subscribe(roomId, () => order.push(i)));
      here.publish(roomId, message(1));
      detach[1]?.();
      here.publish(roomId, message(2));
      expect(order).toEqual([1, 2, 3, 1, 3]);
    });
  });
}
