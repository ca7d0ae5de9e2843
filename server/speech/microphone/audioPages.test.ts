import { expect, test } from 'vitest';
import type { PlacedAudio } from '../placedAudio.ts';
import { AudioPages, joinAdjacent } from './audioPages.ts';

const SECOND = 16_000;
/** One second of audio that begins at second `n`. Each of its bytes is `n`. */
const second = (n: number): PlacedAudio => ({ at: n * SECOND, pcm: new Uint8Array(2 * SECOND).fill(n) });

test('stored audio is a copy that does not change with the original', () => {
  const original = second(1);
  const stored = new AudioPages().store(original);
  original.pcm.fill(9);
  expect(stored).toEqual(second(1));
});

test('memory does not grow while old audio is freed', () => {
  const pages = new AudioPages();
  const buffers = new Set<ArrayBufferLike>();
  for (let n = 0; n < 1_000; n += 1) {
    buffers.add(pages.store(second(n)).pcm.buffer);
    pages.freeBefore((n - 5) * SECOND);
  }
  expect(buffers.size).toBeLessThanOrEqual(5);
});

test('audio that is not freed does not change', () => {
  const pages = new AudioPages();
  const stored = Array.from({ length: 100 }, (_, n) => pages.store(second(n)));
  pages.freeBefore(50 * SECOND);
  for (let n = 100; n < 150; n += 1) pages.store(second(n));
  expect(stored.slice(50)).toEqual(Array.from({ length: 50 }, (_, n) => second(50 + n)));
});

test('a piece that is larger than a page gets a page of its own', () => {
  const pages = new AudioPages();
  const large = { at: 0, pcm: new Uint8Array(200_000).fill(3) };
  expect(pages.store(large)).toEqual(large);
  expect(pages.store(second(7))).toEqual(second(7));
});

test('pieces are joined in place only if they are adjacent in the stream and in memory', () => {
  const pages = new AudioPages();
  const [first, next] = [pages.store(second(0)), pages.store(second(1))] as [PlacedAudio, PlacedAudio];
  const both = joinAdjacent(first, next);
  expect(both?.pcm.buffer).toBe(first.pcm.buffer);
  expect(both).toEqual({ at: 0, pcm: new Uint8Array([...second(0).pcm, ...second(1).pcm]) });
  const onAnotherPage = pages.store(second(2));
  expect(joinAdjacent(next, onAnotherPage)).toBeUndefined();
  expect(joinAdjacent(onAnotherPage, pages.store(second(4)))).toBeUndefined();
});
