import { expect, test } from 'vitest';
import type { PlacedAudio } from '../placedAudio.ts';
import { PieceJoiner } from './pieceJoiner.ts';

const RATE = 8_000;

/** So many tenths of a second, each byte saying which. */
function piece(tenth: number, tenths = 1): PlacedAudio {
  return { at: (tenth * RATE) / 10, pcm: new Uint8Array((tenths * RATE) / 5).fill(tenth) };
}
function spansOf(pieces: PlacedAudio[]): [number, number][] {
  return pieces.map(({ at, pcm }) => [(10 * at) / RATE, (10 * (at + pcm.length / 2)) / RATE]);
}

test('while there is time every piece goes on at once, as it is', () => {
  const gather = new PieceJoiner(RATE, () => false);
  const first = piece(0);
  expect(gather.take(first)).toEqual([first]);
  gather.forget(first.at + first.pcm.length / 2);
  expect(gather.take(piece(1, 5)).length).toBe(1);
  expect(gather.flush()).toEqual([]);
});

test('while there is none, two tenths of a second go on together, and nothing over a hole', () => {
  const gather = new PieceJoiner(RATE, () => true);
  expect(gather.take(piece(0))).toEqual([]);
  const [joined] = gather.take(piece(1)) as [PlacedAudio];
  expect(spansOf([joined])).toEqual([[0, 2]]);
  expect([joined.pcm[0], joined.pcm.at(-1)]).toEqual([0, 1]);
  expect(gather.take(piece(2))).toEqual([]);
  expect(spansOf(gather.take(piece(7)))).toEqual([[2, 3]]);
  expect(spansOf(gather.take(piece(9, 4)))).toEqual([
    [7, 8],
    [9, 13],
  ]);
});

test('what is held goes on first when there is time again, or when no more comes', () => {
  let isBusy = true;
  const gather = new PieceJoiner(RATE, () => isBusy);
  gather.take(piece(0));
  expect(spansOf(gather.flush())).toEqual([[0, 1]]);
  expect(gather.flush()).toEqual([]);
  gather.take(piece(3));
  isBusy = false;
  expect(spansOf(gather.take(piece(4)))).toEqual([[3, 5]]);
  expect(gather.flush()).toEqual([]);
});
