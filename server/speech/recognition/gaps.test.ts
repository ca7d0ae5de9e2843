import { expect, test } from 'vitest';
import { Gaps, joinGaps } from './gaps.ts';

test('spans that touch are one gap, unless their reasons differ', () => {
  const gaps = new Gaps();
  gaps.add({ from: 0, to: 10 }, 'queue');
  gaps.add({ from: 10, to: 20 }, 'queue');
  gaps.add({ from: 20, to: 30 }, 'engine');
  gaps.add({ from: 31, to: 40 }, 'engine');
  expect(gaps.takeAll()).toEqual([
    { from: 0, to: 20, reason: 'queue' },
    { from: 20, to: 30, reason: 'engine' },
    { from: 31, to: 40, reason: 'engine' },
  ]);
});

test('audio before a sample is no gap any more, and the rest of a gap is', () => {
  const gaps = new Gaps();
  gaps.add({ from: 0, to: 10 }, 'engine');
  gaps.add({ from: 12, to: 20 }, 'engine');
  gaps.dropBefore(10);
  gaps.dropBefore(15);
  expect(gaps.takeAll()).toEqual([{ from: 15, to: 20, reason: 'engine' }]);
});

test('gaps that were taken are not taken again', () => {
  const gaps = new Gaps();
  gaps.add({ from: 0, to: 10 }, 'engine');
  gaps.takeAll();
  expect(gaps.takeAll()).toEqual([]);
});

test('gaps before a sample are taken, and those after it stay', () => {
  const gaps = new Gaps();
  gaps.add({ from: 0, to: 10 }, 'engine');
  gaps.add({ from: 20, to: 30 }, 'engine');
  expect(gaps.takeBefore(20)).toEqual([{ from: 0, to: 10, reason: 'engine' }]);
  expect(gaps.takeAll()).toEqual([{ from: 20, to: 30, reason: 'engine' }]);
});

test('joined gaps cover the silence between them, and have the reason that cost the most', () => {
  expect(joinGaps([])).toEqual([]);
  expect(
    joinGaps([
      { from: 0, to: 10, reason: 'queue' },
      { from: 15, to: 20, reason: 'network' },
      { from: 20, to: 26, reason: 'network' },
      { from: 30, to: 31, reason: 'engine' },
    ]),
  ).toEqual([{ from: 0, to: 31, reason: 'network' }]);
});
