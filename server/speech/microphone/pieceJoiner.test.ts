import { expect, test } from 'vitest';
import type { PlacedAudio } from '../placedAudio.ts';
import { PieceJoiner } from './pieceJoiner.ts';

const RATE = 8_000;

/** Audio that begins at a tenth of a second and lasts `tenths` of them. Each byte is the number of the first tenth. */
function piece(tenth: number, tenths = 1): PlacedAudio {
  return { at: (tenth * RATE) / 10, pcm: new Uint8Array((tenths * RATE) / 5).fill(tenth) };
}
/** Where pieces begin and end, in tenths of a second. */
function spansOf(pieces: PlacedAudio[]): [number, number][] {
  return pieces.map(({ at, pcm }) => [(10 * at) / RATE, (10 * (at + pcm.length / 2)) / RATE]);
}

test('every piece passes at once and unchanged while the process is not busy', () => {
  const joiner = new PieceJoiner(RATE, () => false);
  const first = piece(0);
  expect(joiner.add(first)).toEqual([first]);
  joiner.freeBefore(first.at + first.pcm.length / 2);
  expect(joiner.add(piece(1, 5)).length).toBe(1);
  expect(joiner.flush()).toEqual([]);
});

test('pieces are joined to 200 ms while the process is busy, but never over a hole', () => {
  const joiner = new PieceJoiner(RATE, () => true);
  expect(joiner.add(piece(0))).toEqual([]);
  const [joined] = joiner.add(piece(1)) as [PlacedAudio];
  expect(spansOf([joined])).toEqual([[0, 2]]);
  expect([joined.pcm[0], joined.pcm.at(-1)]).toEqual([0, 1]);
  expect(joiner.add(piece(2))).toEqual([]);
  expect(spansOf(joiner.add(piece(7)))).toEqual([[2, 3]]);
  expect(spansOf(joiner.add(piece(9, 4)))).toEqual([
    [7, 8],
    [9, 13],
  ]);
});

test('a held piece passes with the next one when the process is no longer busy, or by a flush', () => {
  let isBusy = true;
  const joiner = new PieceJoiner(RATE, () => isBusy);
  joiner.add(piece(0));
  expect(spansOf(joiner.flush())).toEqual([[0, 1]]);
  expect(joiner.flush()).toEqual([]);
  joiner.add(piece(3));
  isBusy = false;
  expect(spansOf(joiner.add(piece(4)))).toEqual([[3, 5]]);
  expect(joiner.flush()).toEqual([]);
});

test('the memory of old audio is used again', () => {
  const joiner = new PieceJoiner(RATE, () => false);
  const buffers = new Set<ArrayBufferLike>();
  for (let tenth = 0; tenth < 1_000; tenth += 1) {
    for (const { at, pcm } of joiner.add(piece(tenth))) {
      buffers.add(pcm.buffer);
      joiner.freeBefore(at);
    }
  }
  expect(buffers.size).toBe(2);
});
