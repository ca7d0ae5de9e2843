import { randomUUID } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import { AppError } from '../../../contract/errors.ts';
import type { CaptionEvent } from '../../../contract/types.ts';
import { addPerson } from '../../../db/testing/material.ts';
import { createCountedBus } from '../../../testing/countedBus.ts';
import { settled } from '../../../testing/settled.ts';
import { openSpeech } from '../../../testing/speech/speechScene.ts';
import { Turns } from '../../flow/turns.ts';
import { createCaptions } from './captions.ts';
import { ada, stream, utterance } from './testing/captionEvents.ts';

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
