import { expect, test } from 'vitest';
import { AwsAudio } from './awsAudio.ts';
import { AudioSource } from './testing/audioSource.ts';

const unheard = { onWait() {}, onStart() {}, onError() {} };

test('whoever waits for audio is sent away when it is stopped, and the source is let go once', async () => {
  const source = new AudioSource([new Uint8Array(2)], { hangs: true });
  const audio = new AwsAudio(source, unheard);
  expect((await audio.next()).done).toBe(false);
  const waiting = audio.next();
  audio.stop();
  expect((await waiting).done).toBe(true);
  expect((await audio.next()).done).toBe(true);
  expect(source.returned).toBe(true);
  expect(audio.ended).toBe(false);
});

test('tells apart the first wait, the first chunk, and a source that fails', async () => {
  const told: string[] = [];
  const listener = {
    onWait: () => told.push('wait'),
    onStart: () => told.push('start'),
    onError: (error: unknown) => told.push(String(error)),
  };
  const source = (async function* () {
    yield new Uint8Array(2);
    yield new Uint8Array(2);
    throw new Error('broken');
  })();
  const audio = new AwsAudio(source, listener);
  await audio.next();
  await audio.next();
  void audio.next();
  await expect.poll(() => told).toEqual(['wait', 'start', 'Error: broken']);
});
