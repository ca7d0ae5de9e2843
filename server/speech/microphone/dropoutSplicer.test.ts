import { expect, test } from 'vitest';
import { DropoutSplicer } from './dropoutSplicer.ts';

/** At this rate a millisecond is a sample. */
const RATE = 1_000;
const FRAME = 10;

const sound = (samples: number) => Array<number>(samples).fill(7);
const zeros = (samples: number) => Array<number>(samples).fill(0);

function openSplicer() {
  const joined: number[] = [];
  const splicer = new DropoutSplicer(RATE, FRAME, (frame) => joined.push(...frame));
  /** Pushes the samples frame by frame. */
  const push = (...parts: number[][]) => {
    const samples = Int16Array.from(parts.flat());
    for (let at = 0; at < samples.length; at += FRAME) splicer.push(samples.subarray(at, at + FRAME));
  };
  return { splicer, push, joined };
}

/** Pushes all samples. @returns the frames that come out, joined. */
function join(...parts: number[][]): number[] {
  const { push, joined } = openSplicer();
  push(...parts);
  return joined;
}

test.each([2, 20, 100])('a drop-out of %d ms is left out, and the sound around it is joined', (length) => {
  expect(join(sound(25), zeros(length), sound(25))).toEqual(sound(50));
});

test('a drop-out over the border of two frames is left out', () => {
  expect(join(sound(9), zeros(2), sound(19))).toEqual(sound(20));
});

test('a zero alone belongs to the sound, and stays in its place', () => {
  const samples = [...sound(9), ...zeros(1), ...sound(14), ...zeros(1), ...sound(5)];
  expect(join(samples)).toEqual(samples);
});

test('of a longer run, 100 ms are left out', () => {
  expect(join(sound(50), zeros(150), sound(50))).toEqual([...sound(50), ...zeros(50), ...sound(50)]);
});

test('silence goes on while it lasts', () => {
  expect(join(sound(10), zeros(200))).toEqual([...sound(10), ...zeros(110)]);
});

test('silence with stray samples in it stays silence: each sample excuses nine zeros', () => {
  const stray = Array.from({ length: 20 }, () => [...sound(1), ...zeros(49)]);
  expect(join(...stray).filter((sample) => sample === 0).length).toBeGreaterThanOrEqual(20 * 40 - FRAME);
});

test('a zero that was left out is no longer excused', () => {
  // Ten samples excuse 90 zeros, of which 60 are used. One more sample excuses nine.
  const joined = join(sound(10), zeros(60), sound(1), zeros(60), sound(19));
  expect(joined).toEqual([...sound(11), ...zeros(21), ...sound(18)]);
});

test('after a reset, an unfinished frame and what it excuses are forgotten', () => {
  const { splicer, push, joined } = openSplicer();
  push(sound(15), zeros(2));
  splicer.reset();
  push(zeros(50), sound(10));
  expect(joined).toEqual([...sound(10), ...zeros(50), ...sound(10)]);
});
