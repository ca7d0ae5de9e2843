import { describe, expect, test } from 'vitest';
import { addPerson, addRoom } from '../../db/testing/material.ts';
import { openSpeech } from '../testing/speechScene.ts';

const busy = { code: 'TOO_MANY_REQUESTS', reason: 'speech_busy', retryable: true };

describe('speech streams are counted, those that are finishing too', () => {
  test('one person has three at most', async () => {
    await using scene = await openSpeech({ script: ['hang'] });
    for (let i = 0; i < 3; i += 1) await scene.start(scene.ada, { takeOver: true });
    await expect(scene.start(scene.ada, { takeOver: true })).rejects.toMatchObject(busy);
    const other = await addRoom(scene.store, scene.ada);
    await expect(scene.start(scene.ada, { roomId: other })).rejects.toMatchObject(busy);
    await scene.start(scene.ben);
    expect(scene.engine.streams).toHaveLength(4);
  });

  test('a server has 25 at most, and another one when one of them is over', async () => {
    await using scene = await openSpeech();
    const streams: string[] = [];
    const people = [];
    for (let i = 0; i < 25; i += 1) {
      const person = await addPerson(scene.store);
      await scene.store.addMember(scene.roomId, person.id, new Date());
      people.push(person);
      streams.push(await scene.start(person));
    }
    await expect(scene.start(scene.ada)).rejects.toMatchObject(busy);
    await scene.speech.stop(people[0] as (typeof people)[0], streams[0] as string);
    await scene.start(scene.ada);
  });
});
