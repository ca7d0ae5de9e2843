import { describe, expect, test } from 'vitest';
import type { User } from '../../contract/types.ts';
import { addPerson } from '../../db/testing/material.ts';
import { openSpeech, type SpeechScene } from '../../testing/speech/speechScene.ts';

const queued = (place: number, streamId: string | undefined) =>
  expect.objectContaining({ streamId, state: 'paused', reason: 'queued', place });

async function member(scene: SpeechScene): Promise<User> {
  const person = await addPerson(scene.store);
  await scene.store.addMember(scene.roomId, person.id, new Date());
  return person;
}

describe('speech is limited', () => {
  test('to three streams per user, counting those that are finishing', async () => {
    await using scene = await openSpeech({ script: ['hang'] });
    let streamId = '';
    for (let i = 0; i < 3; i += 1) {
      streamId = await scene.start(scene.ada, { takeOver: true });
      scene.push(scene.ada, streamId, 0);
    }
    await expect(scene.start(scene.ada, { takeOver: true })).rejects.toMatchObject({
      code: 'TOO_MANY_REQUESTS',
      reason: 'speech_busy',
      retryable: true,
    });
    // The refused start has not ended the open stream.
    expect(scene.push(scene.ada, streamId, 1)).toBe(2);
    await scene.start(scene.ben);
  });

  test('to a number of engine calls: other speakers wait, see their place, and lose no word', async () => {
    await using scene = await openSpeech({ script: [{ final: 'heard' }], places: 1 });
    const watch = await scene.watch(scene.ada);
    const people = [scene.ada, scene.ben, await member(scene)];
    const streams: string[] = [];
    for (const person of people) {
      const streamId = await scene.start(person);
      streams.push(streamId);
      scene.push(person, streamId, 0);
      await expect.poll(() => watch.events.length).toBeGreaterThanOrEqual(2 * streams.length);
    }
    expect(watch.events).toContainEqual(queued(2, streams[2]));
    await scene.speech.stop(scene.ada, streams[0] as string);
    await expect.poll(() => watch.events).toContainEqual(queued(1, streams[2]));
    for (const i of [1, 2]) await scene.speech.stop(people[i] as User, streams[i] as string);
    const speakers = () =>
      watch.events.flatMap((event) => (event.type === 'final' ? [event.utterance.speaker.id] : []));
    await expect.poll(speakers).toEqual(people.map(({ id }) => id));
    await watch.leave();
  });

  test('but a silent speaker takes no place', async () => {
    await using scene = await openSpeech({ script: [{ final: 'heard' }], places: 1 });
    const streams = [await scene.start(scene.ada), await scene.start(scene.ben)];
    scene.push(scene.ben, streams[1] as string, 0);
    expect((await scene.speech.stop(scene.ben, streams[1] as string)).utterances).toBe(1);
  });
});
