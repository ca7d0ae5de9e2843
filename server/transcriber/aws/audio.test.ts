import { expect, test } from 'vitest';
import { AudioSource } from '../testing/audioSource.ts';
import { AwsAudio } from './audio.ts';

const noListener = { onChange() {}, onError() {} };

test('stop() ends a read that waits, and releases the source', async () => {
  const source = new AudioSource([new Uint8Array(2)], { hangs: true });
  const audio = new AwsAudio(source, noListener);
  expect((await audio.next()).done).toBe(false);
  const waiting = audio.next();
  audio.stop();
  expect((await waiting).done).toBe(true);
  expect((await audio.next()).done).toBe(true);
  expect(source.returned).toBe(true);
  expect(audio.state).toBe('flowing');
});

test('reports the first wait, the first chunk, and the end', async () => {
  const states: string[] = [];
  const source = new AudioSource([new Uint8Array(2), new Uint8Array(2)]);
  const audio: AwsAudio = new AwsAudio(source, { ...noListener, onChange: () => states.push(audio.state) });
  for (let i = 0; i < 4; i += 1) await audio.next();
  expect(states).toEqual(['waiting', 'flowing', 'ended']);
});

test('reports the error of a source, and survives a source whose methods throw at once', async () => {
  const errors: unknown[] = [];
  const broken = () => {
    throw new Error('broken');
  };
  const source = { [Symbol.asyncIterator]: () => ({ next: broken, return: broken }) };
  const audio = new AwsAudio(source, { ...noListener, onError: (error) => errors.push(error) });
  void audio.next();
  await expect.poll(() => errors.map(String)).toEqual(['Error: broken']);
  audio.stop();
});
