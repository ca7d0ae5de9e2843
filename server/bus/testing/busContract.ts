import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Message } from '../../../contract/types.ts';
import type { Bus, BusEvent } from '../bus.ts';

const message = (rev: number): BusEvent => ({
  type: 'message',
  message: { rev, text: '안녕 👋' } as Message,
});

/** The promises of a bus. `open` answers the buses of two processes, or twice the one bus of one process. */
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

    /** A listener in each process, which has begun to hear. */
    const listen = async () => {
      const roomId = randomUUID();
      const heard: [BusEvent[], BusEvent[]] = [[], []];
      const leave = [here, there].map((bus, i) => bus.subscribe(roomId, (event) => heard[i]?.push(event)));
      const mark = (bus: Bus, process: string) => bus.publish(roomId, { type: 'presence-wanted', process });
      const everybodyHeard = (...marks: string[]) => {
        for (const events of heard) {
          const processes = events.map((event) => 'process' in event && event.process);
          expect(processes).toEqual(expect.arrayContaining(marks));
        }
      };
      await vi.waitFor(() => {
        mark(here, 'here');
        mark(there, 'there');
        everybodyHeard('here', 'there');
      });
      // Behind these nothing is under way any more.
      mark(here, 'here at last');
      mark(there, 'there at last');
      await vi.waitFor(() => everybodyHeard('here at last', 'there at last'));
      for (const events of heard) events.length = 0;
      return { roomId, heard, leave };
    };

    test('what is published reaches every process, in order and once', async () => {
      const { roomId, heard } = await listen();
      const events = Array.from({ length: 200 }, (_, i) => message(i + 1));
      for (const event of events) here.publish(roomId, event);
      await vi.waitFor(() => expect(heard[1]).toHaveLength(200));
      expect(heard).toEqual([events, events]);
    });

    test('the own process hears at once', async () => {
      const { roomId, heard } = await listen();
      there.publish(roomId, message(1));
      expect(heard[1]).toEqual([message(1)]);
    });

    test('rooms do not hear each other, and who left hears nothing', async () => {
      const [one, two] = [await listen(), await listen()];
      one.leave[1]?.();
      here.publish(one.roomId, message(1));
      here.publish(two.roomId, message(2));
      await vi.waitFor(() => expect(two.heard[1]).toEqual([message(2)]));
      expect([one.heard[0], one.heard[1]]).toEqual([[message(1)], []]);
      const again: BusEvent[] = [];
      there.subscribe(one.roomId, (event) => again.push(event));
      await vi.waitFor(() => {
        here.publish(one.roomId, message(3));
        expect(again).not.toEqual([]);
      });
      expect(one.heard[1]).toEqual([]);
    });

    test('several listeners of one room hear in the order in which they came', async () => {
      const roomId = randomUUID();
      const order: number[] = [];
      const leave = [1, 2, 3].map((i) => here.subscribe(roomId, () => order.push(i)));
      here.publish(roomId, message(1));
      leave[1]?.();
      here.publish(roomId, message(2));
      expect(order).toEqual([1, 2, 3, 1, 3]);
    });
  });
}
