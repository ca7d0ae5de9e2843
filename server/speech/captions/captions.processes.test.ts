import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CaptionEvent, StreamEvent, UtteranceEvent } from '../../../contract/types.ts';
import { createCountedBus } from '../../../testing/countedBus.ts';
import type { Bus } from '../../bus/bus.ts';
import { Turns } from '../../flow/turns.ts';
import { createCaptions } from './captions.ts';
import { ada, stream, utterance } from './testing/captionEvents.ts';

describe('captions over several processes', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** A process has its own captions on the common bus. Once it is killed, nothing that it publishes arrives. */
  function openProcesses() {
    const bus = createCountedBus();
    const startProcess = (process: string) => {
      let isKilled = false;
      const own: Bus = {
        ...bus,
        publish: (roomId, event) => isKilled || bus.publish(roomId, event),
      };
      const captions = createCaptions({ process, bus: own, watch: () => () => {}, turns: new Turns() });
      const watch = () => {
        const listener = captions.subscribe(ada, 'room');
        const events: CaptionEvent[] = [];
        const read = async () => {
          for await (const event of listener) events.push(event);
        };
        void read();
        return { events, leave: () => listener.return() };
      };
      const kill = () => {
        isKilled = true;
        captions.close();
      };
      return { ...captions, watch, kill };
    };
    return { bus, here: startProcess('here'), there: startProcess('there'), third: startProcess('third') };
  }
  const lost = (streamId: string) => ({ ...stream(streamId, 'ended'), reason: 'server_lost' });

  test.each([0, 1_900, 3_900, 4_100, 5_700])(
    'end the streams of a process killed at any moment (%d ms) within 15 s, once, with their partials',
    async (moment) => {
      const { bus, here, there } = openProcesses();
      const early = here.watch();
      there.publish('room', stream('1', 'listening'));
      there.publish('room', utterance('partial', '1'));
      await vi.advanceTimersByTimeAsync(60_000 + moment);
      const spoken = [stream('1', 'listening'), utterance('partial', '1')];
      expect(early.events).toEqual(spoken);
      there.kill();
      await vi.advanceTimersByTimeAsync(15_000);
      expect(early.events).toEqual([...spoken, lost('1')]);
      const late = here.watch();
      await vi.advanceTimersByTimeAsync(60_000);
      expect([late.events, early.events.length]).toEqual([[], 3]);
      await Promise.all([early.leave(), late.leave()]);
      // The listener of the killed process is dead with it.
      expect(bus.listeners()).toBe(1);
    },
  );

  test('keep no bus listener for the streams of a killed process', async () => {
    const { bus, here, there } = openProcesses();
    here.publish('room', stream('own', 'listening'));
    there.publish('room', stream('1', 'listening'));
    here.publish('room', stream('own', 'ended'));
    expect(bus.listeners()).toBe(2);
    there.kill();
    await vi.advanceTimersByTimeAsync(15_000);
    expect(bus.listeners()).toBe(1);
  });

  test('show the open streams of other processes to a listener of a process that has just opened the room', async () => {
    const { here, there, third } = openProcesses();
    there.publish('room', stream('1', 'listening'));
    here.publish('room', stream('2', 'listening'));
    const late = third.watch();
    await vi.advanceTimersByTimeAsync(0);
    expect(late.events).toEqual([stream('1', 'listening'), stream('2', 'listening')]);
    await late.leave();
  });

  test('repair a start, a change and an end that the bus has lost', async () => {
    const { bus, here } = openProcesses();
    const watcher = here.watch();
    const list = (...streams: StreamEvent[]) =>
      bus.publish('room', { type: 'streams', process: 'far', streams });
    const queued: StreamEvent = { ...stream('1', 'listening'), state: 'paused', reason: 'queued', place: 2 };
    list(stream('1', 'listening'), stream('2', 'listening'));
    list(queued, stream('2', 'listening'));
    list(queued);
    list({ ...queued, place: 1 });
    list({ ...queued, place: 1 });
    await vi.advanceTimersByTimeAsync(0);
    expect(watcher.events).toEqual([
      ...[stream('1', 'listening'), stream('2', 'listening')],
      ...[queued, lost('2'), { ...queued, place: 1 }],
    ]);
    await watcher.leave();
  });

  test('open a stream whose start was lost with its first partial, so that it can end', async () => {
    const { bus, here } = openProcesses();
    const watcher = here.watch();
    const partial = utterance('partial', '1');
    const event: CaptionEvent = {
      type: 'partial',
      utterance: { ...(partial as UtteranceEvent).utterance, speaker: ada, engine: 'aws' },
    };
    bus.publish('room', { type: 'caption', process: 'far', event });
    await vi.advanceTimersByTimeAsync(15_000);
    expect(watcher.events).toEqual([stream('1', 'listening'), event, lost('1')]);
    await watcher.leave();
  });

  test('keep the streams of a process that lives, while its speakers are silent', async () => {
    const { here, there } = openProcesses();
    const watcher = here.watch();
    there.publish('room', stream('1', 'listening'));
    await vi.advanceTimersByTimeAsync(600_000);
    expect(watcher.events).toEqual([stream('1', 'listening')]);
    await watcher.leave();
  });

  test('show a person who starts again elsewhere at once, and keep that stream when the old process is dropped', async () => {
    const { here, there, third } = openProcesses();
    const watcher = here.watch();
    there.publish('room', stream('1', 'listening'));
    there.kill();
    third.publish('room', stream('2', 'listening'));
    await vi.advanceTimersByTimeAsync(20_000);
    expect(watcher.events).toEqual([stream('1', 'listening'), stream('2', 'listening'), lost('1')]);
    await watcher.leave();
  });
});
