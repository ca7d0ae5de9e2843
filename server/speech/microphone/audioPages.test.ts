import { expect, test } from 'vitest';
import type { PlacedAudio } from '../placedAudio.ts';
import { AudioPages, joined } from './audioPages.ts';

const SECOND = 16_000;
const second = (n: number): PlacedAudio => ({ at: n * SECOND, pcm: new Uint8Array(2 * SECOND).fill(n) });

test('what is kept is a copy, whatever becomes of the original', () => {
  const original = second(1);
  const kept = new AudioPages().keep(original);
  original.pcm.fill(9);
  expect(kept).toEqual(second(1));
});

test('audio that is forgotten in time takes the same memory for as long as it goes on', () => {
  const pages = new AudioPages();
  const buffers = new Set<ArrayBufferLike>();
  for (let n = 0; n < 1_000; n += 1) {
    buffers.add(pages.keep(second(n)).pcm.buffer);
    pages.forget((n - 5) * SECOND);
  }
  expect(buffers.size).toBeLessThanOrEqual(5);
});

test('what is not forgotten stays as it is', () => {
  const pages = new AudioPages();
  const kept = Array.from({ length: 100 }, (_, n) => pages.keep(second(n)));
  pages.forget(50 * SECOND);
  for (let n = 100; n < 150; n += 1) pages.keep(second(n));
  expect(kept.slice(50)).toEqual(Array.from({ length: 50 }, (_, n) => second(50 + n)));
});

test('a piece larger than a page has one of its own', () => {
  const pages = new AudioPages();
  const large = { at: 0, pcm: new Uint8Array(200_000).fill(3) };
  expect(pages.keep(large)).toEqual(large);
  expect(pages.keep(second(7))).toEqual(second(7));
});

test('pieces that follow on each other are joined where they lie; others are not', () => {
  const pages = new AudioPages();
  const [first, next] = [pages.keep(second(0)), pages.keep(second(1))] as [PlacedAudio, PlacedAudio];
  const both = joined(first, next);
  expect(both?.pcm.buffer).toBe(first.pcm.buffer);
  expect(both).toEqual({ at: 0, pcm: new Uint8Array([...second(0).pcm, ...second(1).pcm]) });
  const onAnotherPage = pages.keep(second(2));
  expect(joined(next, onAnotherPage)).toBeUndefined();
  expect(joined(onAnotherPage, pages.keep(second(4)))).toBeUndefined();
});
