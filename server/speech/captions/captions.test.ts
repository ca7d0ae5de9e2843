import { describe, expect, test } from 'vitest';
import { AppError } from '../../../contract/errors.ts';
import { addPerson } from '../../../db/testing/material.ts';
import { settled } from '../../../testing/settled.ts';
import { openSpeech } from '../../../testing/speechScene.ts';

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
    await scene.rooms.leave(scene.ben, scene.roomId);
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
