import { describe, expect, test } from 'vitest';
import { brief, resultAt } from '../../../testing/speech/recognitionScene.ts';
import { Stitcher } from './stitcher.ts';

describe('an utterance that the next call recognises again', () => {
  function interrupted(text: string): Stitcher {
    const stitcher = new Stitcher();
    stitcher.stitch(resultAt(0, text));
    stitcher.interrupt();
    return stitcher;
  }

  test('keeps its id, and shows no shorter text than people have read', () => {
    const stitcher = interrupted('one two three');
    expect(stitcher.stitch(resultAt(0, 'one', { utteranceId: 'b' }))).toEqual([]);
    expect(stitcher.stitch(resultAt(0, 'one two', { utteranceId: 'b' }))).toEqual([]);
    expect(stitcher.stitch(resultAt(0, 'one two tree', { utteranceId: 'b' })).map(brief)).toEqual([
      '1: one two tree',
    ]);
  });

  test('may get shorter again once it has caught up', () => {
    const stitcher = interrupted('one two');
    stitcher.stitch(resultAt(0, 'one two three', { utteranceId: 'b' }));
    expect(stitcher.stitch(resultAt(0, 'one two', { utteranceId: 'b' })).map(brief)).toEqual(['1: one two']);
  });

  test('goes on even if the next call gives it the same id', () => {
    const stitcher = interrupted('one two three');
    expect(stitcher.stitch(resultAt(0, 'one'))).toEqual([]);
    expect(stitcher.stitch(resultAt(0, 'one two three', { type: 'final' })).map(brief)).toEqual([
      '1. one two three',
    ]);
    expect(stitcher.hasOpenUtterance).toBe(false);
  });

  test('counts as open until then', () => {
    expect(interrupted('one').hasOpenUtterance).toBe(true);
  });

  test('gets its final at the end if no call recognises it again', () => {
    const stitcher = interrupted('one two');
    expect(stitcher.closeAll().map(brief)).toEqual(['1. one two']);
    expect(stitcher.settledSeconds).toBe(2);
  });

  test('gets its final with the words in the audio that no call will get', () => {
    const stitcher = interrupted('one two three');
    expect(stitcher.closeBefore(1.5).map(brief)).toEqual(['1. one two']);
    expect(stitcher.settledSeconds).toBe(2);
    expect(stitcher.stitch(resultAt(2, 'three', { utteranceId: 'b' })).map(brief)).toEqual(['2: three']);
  });

  test('stays open if it begins after the audio that no call will get', () => {
    const stitcher = new Stitcher();
    stitcher.stitch(resultAt(2, 'one', { words: [] }));
    stitcher.interrupt();
    expect(stitcher.closeBefore(2)).toEqual([]);
    expect(stitcher.closeBefore(2.1).map(brief)).toEqual(['1. one']);
  });

  test('is closed by an utterance that begins after its end', () => {
    const stitcher = interrupted('one two');
    expect(stitcher.stitch(resultAt(2, 'three', { utteranceId: 'b' })).map(brief)).toEqual([
      '1. one two',
      '2: three',
    ]);
  });
});

test('of several open utterances, only the one that began last waits for the next call', () => {
  const stitcher = new Stitcher();
  stitcher.stitch(resultAt(3, 'late', { utteranceId: 'late' }));
  stitcher.stitch(resultAt(0, 'early', { utteranceId: 'early' }));
  expect(stitcher.interrupt().map(brief)).toEqual(['2. early']);
  expect(stitcher.stitch(resultAt(3, 'late again', { utteranceId: 'c' })).map(brief)).toEqual([
    '1: late again',
  ]);
});

test('words of an earlier final are in no later partial', () => {
  const stitcher = new Stitcher();
  stitcher.stitch(resultAt(0, 'one two', { type: 'final' }));
  expect(stitcher.stitch(resultAt(0, 'one two three', { utteranceId: 'b' })).map(brief)).toEqual([
    '2: three',
  ]);
  expect(stitcher.stitch(resultAt(0, 'one two three four', { utteranceId: 'b' })).map(brief)).toEqual([
    '2: three four',
  ]);
});

test('a final that ends before an earlier one takes nothing back', () => {
  const stitcher = new Stitcher();
  stitcher.stitch(resultAt(0, 'one', { utteranceId: 'a' }));
  stitcher.stitch(resultAt(1, 'two', { utteranceId: 'b' }));
  stitcher.stitch(resultAt(1, 'two', { utteranceId: 'b', type: 'final' }));
  stitcher.stitch(resultAt(0, 'one', { utteranceId: 'a', type: 'final' }));
  expect(stitcher.settledSeconds).toBe(2);
});

test('an empty final makes the last partial final, with all of its text stable', () => {
  const stitcher = new Stitcher();
  stitcher.stitch(resultAt(0, 'one two', { stableChars: 3 }));
  const empty = resultAt(0, 'one two', { type: 'final', text: ' ' });
  expect(stitcher.stitch(empty)).toMatchObject([{ type: 'final', text: 'one two', stableChars: 7 }]);
  expect(stitcher.hasOpenUtterance).toBe(false);
});

test('an empty final without a partial makes no utterance', () => {
  expect(new Stitcher().stitch(resultAt(0, 'one', { type: 'final', text: '' }))).toEqual([]);
});
