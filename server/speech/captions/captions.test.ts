import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AppError } from '../../../contract/errors.ts';
import type { CaptionEvent, StreamEvent, Utterance, UtteranceEvent } from '../../../contract/types.ts';
import { addPerson } from '../../../db/testing/material.ts';
import { createCountedBus } from '../../../testing/countedBus.ts';
import { settled } from '../../../testing/settled.ts';
import { openSpeech } from '../../../testing/speechScene.ts';
import type { Bus } from '../../bus/bus.ts';
import { Turns } from '../../flow/turns.ts';
import { createCaptions } from './captions.ts';

describe('captions', () => {
  test('give a late listener the open streams and current partials, then the same events as all others', async () => {
    const script = [
      { final: 'done' },
      { partial: 'half' },
      { partial: 'half said' },
      { final: 'half said now' },
    ];
    await using scene = await openSpeech({ script });
    const early = await scene.watch(scene.ada);
    const streamId = await scene.start(scene.ada);
    for (const seq of [0, 1, 2]) scene.push(scene.ada, streamId, seq);
    await settled();
    const late = await scene.watch(scene.ben);
    await settled();
    expect(late.events).toEqual([
      {
        type: 'stream',
        streamId,
        engine: 'sherpa',
        speaker: { id: scene.ada.id, name: 'Ada' },
        state: 'listening',
      },
      expect.objectContaining({ type: 'partial', utterance: expect.objectContaining({ text: 'half said' }) }),
    ]);
    scene.push(scene.ada, streamId, 3);
    await scene.speech.stop(scene.ada, streamId);
    await settled();
    expect(late.events.slice(2)).toEqual(early.events.slice(-2));
    for (const watch of [early, late]) await watch.leave();
    expect(scene.bus.listeners()).toBe(0);
  });

  test('of an ended stream are not given to a late listener', async () => {
    await using scene = await openSpeech({
      script: [{ partial: 'cut of' }, { fail: new AppError('BAD_REQUEST', 'gone', 'Gone.') }],
    });
    const streamId = await scene.start(scene.ada);
    for (const seq of [0, 1]) scene.push(scene.ada, streamId, seq);
    await scene.speech.stop(scene.ada, streamId);
    const late = await scene.watch(scene.ben);
    await settled();
    expect(late.events).toEqual([]);
    await late.leave();
    expect(scene.bus.listeners()).toBe(0);
  });

  test('of two people who speak at once do not mix', async () => {
    await using scene = await openSpeech({ script: [{ partial: 'half' }] });
    const streams = [await scene.start(scene.ada), await scene.start(scene.ben)];
    scene.push(scene.ada, streams[0] ?? '', 0);
    scene.push(scene.ben, streams[1] ?? '', 0);
    await settled();
    await scene.speech.stop(scene.ada, streams[0] ?? '');
    const watch = await scene.watch(scene.ada);
    await settled();
    expect(
      watch.events.map((event) => (event.type === 'stream' ? event.streamId : event.utterance.streamId)),
    ).toEqual([streams[1], streams[1]]);
    await watch.leave();
  });

  test('end for a member who leaves the room, and are refused to strangers', async () => {
    await using scene = await openSpeech();
    const leaver = await scene.watch(scene.ben);
    const stays = await scene.watch(scene.ada);
    let isEnded = false;
    void leaver.end.then(() => {
      isEnded = true;
    });
    await scene.rooms.leave(scene.ben, scene.roomId);
    await settled();
    expect(isEnded).toBe(true);
    expect(await leaver.end).toMatchObject({ code: 'FORBIDDEN', reason: 'not_member' });
    await expect(scene.speech.live(await addPerson(scene.store), scene.roomId)).rejects.toMatchObject({
      reason: 'not_member',
    });
    await stays.leave();
    expect(await stays.end).toBe('ended');
    expect(scene.bus.listeners()).toBe(0);
  });

  test('unsubscribe a listener who returns before reading', async () => {
    await using scene = await openSpeech();
    const live = await scene.speech.live(scene.ada, scene.roomId);
    expect(scene.bus.listeners()).toBe(1);
    await live.return();
    expect(scene.bus.listeners()).toBe(0);
  });
});

const ada = { id: 'ada', name: 'Ada' };
const stream = (streamId: string, state: 'listening' | 'ended'): StreamEvent => ({
  ...{ type: 'stream', engine: 'aws', speaker: ada },
  ...{ streamId, state },
});
const utterance = (type: 'partial' | 'final', streamId: string): CaptionEvent => ({
  type,
  utterance: { id: `words of ${streamId}`, streamId, text: 'word' } as Utterance,
});

/** Captions alone, with a count of the watched memberships. */
function open() {
  const bus = createCountedBus();
  const watched = new Set<string>();
  const watch = (_: string, userId: string) => {
    watched.add(userId);
    return () => void watched.delete(userId);
  };
  return {
    bus,
    watched,
    captions: createCaptions({ process: randomUUID(), bus, watch, turns: new Turns() }),
  };
}

describe('the captions of a room', () => {
  test('give a late listener no partial of an ended stream or of a finished utterance', async () => {
    const { captions } = open();
    for (const id of ['1', '2', '3']) {
      captions.publish('room', stream(id, 'listening'));
      captions.publish('room', utterance('partial', id));
    }
    captions.publish('room', stream('1', 'ended'));
    captions.publish('room', utterance('final', '2'));
    const listener = captions.subscribe(ada, 'room');
    const events: CaptionEvent[] = [];
    for (let i = 0; i < 3; i += 1) events.push((await listener.next()).value as CaptionEvent);
    expect(events).toEqual([stream('2', 'listening'), stream('3', 'listening'), utterance('partial', '3')]);
    await listener.return();
  });

  test('leave the bus when the last stream ends and nobody listens', () => {
    const { captions, bus } = open();
    captions.publish('room', stream('1', 'listening'));
    expect(bus.listeners()).toBe(1);
    captions.publish('room', stream('1', 'ended'));
    expect(bus.listeners()).toBe(0);
  });

  test('send a listener who has left nothing more, and no longer watch that membership', async () => {
    const { captions, watched } = open();
    const [leaver, other] = [
      captions.subscribe(ada, 'room'),
      captions.subscribe({ ...ada, id: 'ben' }, 'room'),
    ];
    expect([...watched]).toEqual(['ada', 'ben']);
    await leaver.return();
    expect([...watched]).toEqual(['ben']);
    const receive = vi.spyOn(leaver, 'receive');
    captions.publish('room', utterance('final', '1'));
    expect(await other.next()).toMatchObject({ value: { type: 'final' } });
    expect(receive).not.toHaveBeenCalled();
    await other.return();
  });

  test('work again for a new listener after the last one has left', async () => {
    const { captions } = open();
    await captions.subscribe(ada, 'room').return();
    const listener = captions.subscribe(ada, 'room');
    captions.publish('room', utterance('final', '1'));
    expect(await listener.next()).toMatchObject({ value: { type: 'final' } });
    await listener.return();
  });
});

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
    await vi.advanceTimersByTimeAsync(0);
    expect(watcher.events).toEqual([
      ...[stream('1', 'listening'), stream('2', 'listening')],
      ...[queued, lost('2')],
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
