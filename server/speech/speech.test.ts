import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Message } from '../../contract/types.ts';
import { addPerson, addRoom, append, kept, spoken, typed, unheard, upTo } from '../../db/testing/material.ts';
import { settled } from '../../testing/settled.ts';
import { openSpeech } from '../../testing/speech/speechScene.ts';
import { iso } from '../../testing/utterance.ts';
import type { SpeechEngine, SpeechOptions } from '../transcriber/transcriber.ts';
import { createSpeech } from './speech.ts';

describe('a user has one open stream', () => {
  test('a second start is refused and names the open stream, in another room too', async () => {
    await using scene = await openSpeech();
    const streamId = await scene.start(scene.ada);
    const elsewhere = await addRoom(scene.store, scene.ada);
    for (const roomId of [scene.roomId, elsewhere]) {
      await expect(scene.start(scene.ada, { roomId })).rejects.toMatchObject({
        code: 'CONFLICT',
        reason: 'stream_exists',
        details: { streamId, roomId: scene.roomId },
      });
    }
    expect(scene.push(scene.ada, streamId, 0)).toBe(1);
    expect(await scene.start(scene.ben)).not.toBe(streamId);
  });

  test('several starts at the same moment make one stream', async () => {
    await using scene = await openSpeech();
    const starts = await Promise.allSettled(upTo(3).map(() => scene.start(scene.ada)));
    expect(starts.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
  });

  test('a stream that is ending is not in the way of a new one', async () => {
    await using scene = await openSpeech({ script: ['hang'] });
    const first = await scene.start(scene.ada);
    scene.push(scene.ada, first, 0);
    void scene.speech.stop(scene.ada, first);
    const second = await scene.start(scene.ada);
    expect(scene.push(scene.ada, second, 0)).toBe(1);
  });

  test('a start that takes over ends the other stream, after its last words', async () => {
    await using scene = await openSpeech({ script: ['nothing', { final: 'last' }] });
    const watch = await scene.watch(scene.ben);
    const first = await scene.start(scene.ada);
    scene.push(scene.ada, first, 0);
    const second = await scene.start(scene.ada, { takeOver: true });
    expect(() => scene.push(scene.ada, first, 1)).toThrowError(
      expect.objectContaining({
        code: 'CONFLICT',
        reason: 'stream_ended',
        details: { endedBecause: 'taken_over' },
      }),
    );
    expect(scene.push(scene.ada, second, 0)).toBe(1);
    await settled();
    expect(watch.events).toContainEqual(
      expect.objectContaining({ streamId: first, state: 'ended', reason: 'taken_over' }),
    );
    expect(watch.events.filter(({ type }) => type === 'final')).toHaveLength(1);
    await watch.leave();
  });
});

describe('a speech stream belongs to its speaker', () => {
  test('other users can neither push to it nor stop it', async () => {
    await using scene = await openSpeech();
    const streamId = await scene.start(scene.ada);
    const unknown = { code: 'NOT_FOUND', reason: 'stream_unknown' };
    expect(() => scene.push(scene.ben, streamId, 0)).toThrowError(expect.objectContaining(unknown));
    await expect(scene.speech.stop(scene.ben, streamId)).rejects.toMatchObject(unknown);
    expect(scene.push(scene.ada, streamId, 0)).toBe(1);
  });

  test('a call of an unknown stream is not found, a call of an ended stream is refused', async () => {
    await using scene = await openSpeech();
    expect(() => scene.push(scene.ada, randomUUID(), 0)).toThrowError(
      expect.objectContaining({ code: 'NOT_FOUND', reason: 'stream_unknown' }),
    );
    const streamId = await scene.start(scene.ada);
    await scene.speech.stop(scene.ada, streamId);
    expect(() => scene.push(scene.ada, streamId, 0)).toThrowError(
      expect.objectContaining({
        code: 'CONFLICT',
        reason: 'stream_ended',
        details: { endedBecause: 'stopped' },
      }),
    );
    expect(await scene.start(scene.ada)).not.toBe(streamId);
  });
});

describe('speech is refused', () => {
  test('to a stranger who starts, watches or lists', async () => {
    await using scene = await openSpeech();
    const stranger = await addPerson(scene.store);
    const refused = { code: 'FORBIDDEN', reason: 'not_member' };
    await expect(scene.start(stranger)).rejects.toMatchObject(refused);
    await expect(scene.speech.live(stranger, scene.roomId)).rejects.toMatchObject(refused);
    await expect(scene.speech.list(stranger, { roomId: scene.roomId, limit: 5 })).rejects.toMatchObject(
      refused,
    );
    await expect(scene.start(scene.ada, { roomId: 'nowhere' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('to a member who leaves the room during the start, and leaves no stream behind', async () => {
    let leave = async () => {};
    await using scene = await openSpeech({
      dailyMinutes: 60,
      alter: (store) => ({
        async speechSeconds(...args) {
          await leave();
          return store.speechSeconds(...args);
        },
      }),
    });
    const watch = await scene.watch(scene.ada);
    leave = () => scene.rooms.leave(scene.ben, scene.roomId);
    await expect(scene.start(scene.ben)).rejects.toMatchObject({ code: 'FORBIDDEN', reason: 'not_member' });
    await expect.poll(() => watch.events.at(-1)).toMatchObject({ state: 'ended', reason: 'left_room' });
    await watch.leave();
    expect(scene.bus.listeners()).toBe(0);
  });

  test('by the engine, which sees the settings of the room', async () => {
    const asked: SpeechOptions[] = [];
    const wrap = (engine: SpeechEngine): SpeechEngine => ({
      ...engine,
      refuses(options) {
        asked.push(options);
        return null;
      },
    });
    await using scene = await openSpeech({ wrap });
    await scene.start(scene.ada);
    const { speech: settings } = await scene.access.visible(scene.ada, scene.roomId);
    expect(asked).toEqual([expect.objectContaining({ language: 'en-US', settings })]);
  });

  test('when the engine refuses the options, with the engine’s message', async () => {
    await using scene = await openSpeech({ refusal: 'It recognises English only.' });
    await expect(scene.start(scene.ada, { language: 'ko-KR' })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      reason: 'engine_refuses',
      message: 'It recognises English only.',
    });
    expect(scene.bus.listeners()).toBe(0);
  });

  test('when there is no engine, with the reason that the interface shows', async () => {
    await using scene = await openSpeech();
    const choice = { engine: null, reason: 'Speech is off here.' };
    const speechOff = createSpeech({ ...scene.parts, choice });
    expect(await speechOff.engine(scene.ada)).toEqual({ available: false, reason: 'Speech is off here.' });
    const options = { roomId: scene.roomId, language: 'en-US', sampleRate: 16_000, takeOver: false };
    await expect(speechOff.start(scene.ada, options)).rejects.toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
      reason: 'speech_off',
      message: 'Speech is off here.',
      retryable: false,
    });
  });
});

test('utterances are listed in pages', async () => {
  await using scene = await openSpeech({ script: upTo(5).map((i) => ({ final: `number ${i}` })) });
  const streamId = await scene.start(scene.ada);
  for (const seq of [0, 1, 2, 3, 4]) scene.push(scene.ada, streamId, seq);
  await scene.speech.stop(scene.ada, streamId);
  const first = await scene.speech.list(scene.ben, { roomId: scene.roomId, limit: 3 });
  expect([first.items.map(({ seq }) => seq), first.hasMore]).toEqual([[1, 2, 3], true]);
  const rest = await scene.speech.list(scene.ben, { roomId: scene.roomId, after: 3, limit: 3 });
  expect([rest.items.map(({ text }) => text), rest.hasMore]).toEqual([['number 4', 'number 5'], false]);
});

test('a page holds gaps and corrections but no removed utterance, in the order in which they were saved', async () => {
  await using scene = await openSpeech();
  const { store, roomId, ada, ben } = scene;
  const [first, second, third] = kept(
    await append(store, [
      spoken(roomId, ada, iso(20), 'furst'),
      spoken(roomId, ben, iso(10), 'gone'),
      spoken(roomId, ben, iso(5), 'third'),
      typed(roomId, ben),
      unheard(roomId, ada, iso(30)),
    ]),
  ) as [Message, Message, Message];
  await scene.messages.edit(ada, { roomId, messageId: first.id, text: 'first', mentions: [] });
  await scene.messages.remove(ben, { roomId, messageId: second.id });
  const page = async (after?: number) => {
    const { items, hasMore } = await scene.speech.list(scene.ben, { roomId, after, limit: 2 });
    return [items.map(({ text, original, gap }) => [text, original, gap]), hasMore];
  };
  expect(await page()).toEqual([
    [
      ['first', 'furst', undefined],
      ['third', undefined, undefined],
    ],
    true,
  ]);
  expect(await page(third.seq)).toEqual([[['', undefined, 'network']], false]);
});
