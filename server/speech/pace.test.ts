import { expect, test } from 'vitest';
import { encodeChunk } from '../../contract/chunk.ts';
import { settled } from '../../testing/settled.ts';
import { openSpeech, pcmOf } from '../../testing/speech/speechScene.ts';
import { AHEAD_SECONDS, Pace } from './pace.ts';

test('a stream that is ahead of the time waits for it, each chunk in its own time', async () => {
  const pace = new Pace();
  pace.add(AHEAD_SECONDS);
  expect(pace.isAhead).toBe(false);
  const began = performance.now();
  pace.add(0.3);
  expect(pace.isAhead).toBe(true);
  const accepted: number[] = [];
  const chunk = async () => {
    await pace.wait();
    pace.add(0.2);
    accepted.push(performance.now() - began);
  };
  await Promise.all([chunk(), chunk(), chunk()]);
  for (const [i, at] of accepted.entries()) expect(at).toBeGreaterThan(280 + i * 200);
});

test('what a client has kept for a minute is accepted at once; a flood waits, and is accepted too', async () => {
  await using scene = await openSpeech();
  const streamId = await scene.start(scene.ada);
  const push = (seq: number) =>
    scene.speech.push(scene.ada, encodeChunk({ streamId, seq, pcm: pcmOf(1_000, 1) }));
  let waiting: unknown;
  let seq = 0;
  for (; !(waiting instanceof Promise); seq += 1) {
    waiting = push(seq);
    // The engine takes what has come.
    await settled();
  }
  expect(seq).toBeGreaterThan(AHEAD_SECONDS);
  expect(seq).toBeLessThan(AHEAD_SECONDS + 30);
  expect(await waiting).toEqual({ nextSeq: seq });
});
