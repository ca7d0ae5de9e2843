import { expect, test } from 'vitest';
import { AudioSource } from '../testing/audioSource.ts';
import { AwsAudio } from './audio.ts';

const unheard = { onChange() {}, onError() {} };

test('whoever waits for audio is sent away when it is stopped, and the source is let go once', async () => {
  const source = new AudioSource([new Uint8Array(2)], { hangs: true });
  const audio = new AwsAudio(source, unheard);
  expect((await audio.next()).done).toBe(false);
  const waiting = audio.next();
  audio.stop();
  expect((await waiting).done).toBe(true);
  expect((await audio.next()).done).toBe(true);
  expect(source.returned).toBe(true);
  expect(audio.state).toBe('flowing');
});

test('tells apart the first wait, the first chunk, and the end', async () => {
  const states: string[] = [];
  const source = new AudioSource([new Uint8Array(2), new Uint8Array(2)]);
  const audio: AwsAudio = new AwsAudio(source, { ...unheard, onChange: () => states.push(audio.state) });
  for (let i = 0; i < 4; i += 1) await audio.next();
  expect(states).toEqual(['waiting', 'flowing', 'ended']);
});

test('tells of a source that fails, and does not fall over one that fails at once', async () => {
  const errors: unknown[] = [];
  const broken = () => {
    throw new Error('broken');
  };
  const source = { [Symbol.asyncIterator]: () => ({ next: broken, return: broken }) };
  const audio = new AwsAudio(source, { ...unheard, onError: (error) => errors.push(error) });
  void audio.next();
  await expect.poll(() => errors.map(String)).toEqual(['Error: broken']);
  audio.stop();
});
