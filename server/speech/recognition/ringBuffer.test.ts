import { expect, test } from 'vitest';
import type { PlacedAudio } from '../placedAudio.ts';
import { RingBuffer } from './ringBuffer.ts';

/** A piece whose samples have the values of their own numbers. */
function piece(at: number, samples: number): PlacedAudio {
  const values = Int16Array.from({ length: samples }, (_, i) => at + i);
  return { at, pcm: new Uint8Array(values.buffer) };
}

function createRing(capacity: number, mayEvict = (_piece: number) => true) {
  const evicted: string[] = [];
  const ring = new RingBuffer(capacity, {
    mayEvict,
    onEvict: ({ from, to }, number) => evicted.push(`piece ${number}: ${from} to ${to}`),
  });
  return { ring, evicted };
}

test('it holds its capacity, and evicts the oldest pieces only when it holds more', () => {
  const { ring, evicted } = createRing(20);
  for (const at of [0, 10]) ring.append(piece(at, 10));
  expect(ring.isFull).toBe(true);
  expect(evicted).toEqual([]);
  ring.append(piece(30, 10));
  expect(evicted).toEqual(['piece 0: 0 to 10']);
  ring.append(piece(40, 15));
  expect(evicted).toEqual(['piece 0: 0 to 10', 'piece 1: 10 to 20', 'piece 2: 30 to 40']);
  expect(ring).toMatchObject({ firstPiece: 3, nextPiece: 4, startSample: 40, endSample: 55 });
});

test('it keeps the newest piece even if that is larger than its capacity', () => {
  const { ring, evicted } = createRing(5);
  ring.append(piece(0, 10));
  expect(evicted).toEqual([]);
  expect(ring.spans()).toEqual([{ from: 0, to: 10 }]);
});

test('it keeps what its owner does not allow to be evicted', () => {
  const { ring, evicted } = createRing(20, (number) => number < 1);
  for (const at of [0, 10, 20, 30]) ring.append(piece(at, 10));
  expect(evicted).toEqual(['piece 0: 0 to 10']);
  expect(ring.startSample).toBe(10);
});

test('it drops the audio before a sample, in the middle of a piece too, and has room for as much again', () => {
  const { ring, evicted } = createRing(20);
  for (const at of [0, 10]) ring.append(piece(at, 10));
  ring.dropBefore(14);
  expect(ring.spans()).toEqual([{ from: 14, to: 20 }]);
  expect(new Int16Array(ring.piece(1)?.pcm.slice().buffer ?? new ArrayBuffer(0))[0]).toBe(14);
  expect(ring.isFull).toBe(false);
  ring.append(piece(20, 14));
  expect(evicted).toEqual([]);
  expect(ring.isFull).toBe(true);
});

test('an empty buffer starts where its audio ended', () => {
  const { ring } = createRing(20);
  ring.append(piece(5, 10));
  ring.dropBefore(15);
  expect(ring).toMatchObject({ startSample: 15, firstPiece: 1, nextPiece: 1 });
});

test('a mark of a loss holds no audio, but has its time', () => {
  const { ring, evicted } = createRing(20);
  ring.append(piece(0, 10));
  ring.append({ at: 10, pcm: new Uint8Array(0), lost: { from: 10, to: 500, reason: 'network' } });
  ring.append(piece(500, 10));
  expect(ring).toMatchObject({ samples: 20, endSample: 510 });
  expect(ring.shiftLost()).toBeUndefined();
  ring.append(piece(510, 10));
  expect(evicted).toEqual(['piece 0: 0 to 10']);
  expect(ring.shiftLost()).toEqual({ from: 10, to: 500, reason: 'network' });
  expect(ring.startSample).toBe(500);
});

test('it evicts what its owner would keep when it is told to', () => {
  const { ring, evicted } = createRing(20, () => false);
  for (const at of [0, 10, 20, 30]) ring.append(piece(at, 10));
  expect(evicted).toEqual([]);
  ring.evictOver(15);
  expect(evicted).toEqual(['piece 0: 0 to 10', 'piece 1: 10 to 20', 'piece 2: 20 to 30']);
});
