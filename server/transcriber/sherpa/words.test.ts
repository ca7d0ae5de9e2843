import { describe, expect, test } from 'vitest';
import { toWords } from './words.ts';

const result = (
  tokens: string[],
  { timestamps = tokens.map((_, i) => i), ys_probs = [] as number[] } = {},
) => ({
  tokens,
  timestamps,
  ys_probs,
  start_time: 10,
});
const textsOf = (tokens: string[]) => toWords(result(tokens), 100).map(({ text }) => text);

describe('tokens become words', () => {
  test.each([
    [
      [' he', 'llo', ' world'],
      ['hello', 'world'],
    ],
    [
      ['▁he', 'llo', '▁world'],
      ['hello', 'world'],
    ],
    [
      ['▁그', '는', '▁이리', '저리'],
      ['그는', '이리저리'],
    ],
    [
      [' well', ',', ' yes', '.'],
      ['well,', 'yes.'],
    ],
    [
      ['ing', ' on'],
      ['ing', 'on'],
    ],
    [[' ', 'a', ' '], ['a']],
    [
      [' one', ' <unk>', ' two', '<en-US>'],
      ['one', 'two'],
    ],
    [[' <0xEC>', '<0x95>', '<0x88>', '녕'], ['안녕']],
    [[' <0xEC>', '<0x95>'], []],
    [[], []],
  ])('%j', (tokens, words) => expect(textsOf(tokens)).toEqual(words));
});

test('a word lasts from its first token to its last, or to the next word', () => {
  const timestamps = [0, 0.1, 0.2, 1];
  expect(toWords(result([' a', 'b', ' c', ' d'], { timestamps }), 100)).toMatchObject([
    { text: 'ab', start: 10, end: expect.closeTo(10.2) },
    { text: 'c', start: expect.closeTo(10.2), end: expect.closeTo(10.4) },
    { text: 'd', start: 11, end: expect.closeTo(11.2) },
  ]);
});

test('no word begins or ends after the end of the audio', () => {
  expect(toWords(result([' a', ' b'], { timestamps: [0, 1] }), 10.1)).toMatchObject([
    { start: 10, end: 10.1 },
    { start: 10.1, end: 10.1 },
  ]);
});

test('the confidence of a word is the mean of its tokens’, or null where the model gives none', () => {
  const ys_probs = [Math.log(0.9), Math.log(0.4), 0];
  const words = toWords(result([' a', 'b', ' c'], { ys_probs }), 100);
  expect(words.map(({ confidence }) => confidence)).toEqual([expect.closeTo(0.6), 1]);
  for (const none of [[], [12.5, 3, 4]]) {
    const unscored = toWords(result([' a', 'b', ' c'], { ys_probs: none }), 100);
    expect(unscored.map(({ confidence }) => confidence)).toEqual([null, null]);
  }
});
