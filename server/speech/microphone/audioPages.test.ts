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

test('a page is used again as soon as all its audio is old, and not before', () => {
  const pages = new AudioPages();
  const stored = [0, 1, 2].map((n) => pages.store(second(n)));
  const bufferOf = (n: number) => stored[n]?.pcm.buffer;
  expect([bufferOf(1) === bufferOf(0), bufferOf(2) === bufferOf(0)]).toEqual([true, false]);
  pages.freeBefore(2 * SECOND - 1);
  stored.push(pages.store(second(3)), pages.store(second(4)));
  expect([bufferOf(3) === bufferOf(2), bufferOf(4) === bufferOf(0)]).toEqual([true, false]);
  pages.freeBefore(2 * SECOND);
  stored.push(pages.store(second(5)), pages.store(second(6)));
  expect([bufferOf(5) === bufferOf(4), bufferOf(6) === bufferOf(0)]).toEqual([true, true]);
});

test('at most four free pages are kept, and none that is larger than a page', () => {
  const pages = new AudioPages();
  const large = pages.store({ at: 0, pcm: new Uint8Array(200_000) });
  const stored = Array.from({ length: 40 }, (_, n) => pages.store(second(n)));
  const oldBuffers = new Set([large, ...stored].map(({ pcm }) => pcm.buffer));
  pages.freeBefore(100 * SECOND);
  const newBuffers = new Set<ArrayBufferLike>();
  for (let n = 100; n < 140; n += 1) newBuffers.add(pages.store(second(n)).pcm.buffer);
  const reused = [...newBuffers].filter((buffer) => oldBuffers.has(buffer));
  expect(reused).toHaveLength(4);
  expect(reused).not.toContain(large.pcm.buffer);
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

test.each([20, 100, 200, 500, 700, 1_000])('pieces of %d ms waste less than a page, at every rate', (ms) => {
  for (const rate of [8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000]) {
    const pages = new AudioPages();
    const samples = Math.round((rate * ms) / 1_000);
    const pieces = Math.ceil(1_920_000 / (2 * samples));
    for (let n = 0; n < 10 * pieces; n += 1) {
      pages.store({ at: n * samples, pcm: new Uint8Array(2 * samples) });
      pages.freeBefore((n - pieces) * samples);
    }
    expect(pages.heldBytes).toBeGreaterThan(1_920_000);
    expect(pages.heldBytes).toBeLessThan(2_500_000);
  }
});
