import { describe, expect, test, vi } from 'vitest';
import { again, another, OPTIONS } from '../../testing/speech/anotherProcess.ts';
import { openSpeech, type SpeechScene } from '../../testing/speech/speechScene.ts';

describe('the loss before a stream', () => {
  const gapsIn = async ({ store, roomId }: SpeechScene) =>
    (await store.listSpoken(roomId, { limit: 50 })).flatMap(({ speech }) => speech?.gap ?? []);

  /** The client repeats its start a second later, and speaks. */
  async function startAgain(scene: SpeechScene): Promise<void> {
    const streamId = await scene.start(scene.ada, { lostSeconds: 10, behindSeconds: 6, takeOver: true });
    scene.push(scene.ada, streamId, 0);
    await scene.speech.stop(scene.ada, streamId);
  }

  test('is told once if the start is repeated because its answer was lost', async () => {
    await using scene = await openSpeech();
    await scene.start(scene.ada, { lostSeconds: 10, behindSeconds: 5 });
    await startAgain(scene);
    expect(await gapsIn(scene)).toEqual(['network']);
  });

  test('is told once if the process of the first start stops', async () => {
    await using scene = await openSpeech();
    await using old = another(scene);
    await old.speech.start(scene.ada, {
      ...OPTIONS,
      roomId: scene.roomId,
      lostSeconds: 10,
      behindSeconds: 5,
    });
    await old.speech.close(1_000);
    await startAgain(scene);
    expect(await gapsIn(scene)).toEqual(['network']);
  });

  test('is told even if no chunk follows, and its place says so', async () => {
    await using scene = await openSpeech();
    await scene.speech.stop(scene.ada, await scene.start(scene.ada, { lostSeconds: 10 }));
    expect(await gapsIn(scene)).toEqual(['network']);
    const streamId = await scene.start(scene.ada, { lostSeconds: 10, behindSeconds: 5 });
    scene.push(scene.ada, streamId, 0);
    await vi.waitFor(async () => {
      expect((await again(scene.speech, scene.ada, streamId)).heardUntil).toEqual({ seq: 0, samples: 1 });
    });
  });
});
