import { describe, expect, test } from 'vitest';
import { resultAt } from '../../../testing/speech/recognitionScene.ts';
import { keepAfter, keepBefore } from './cutWords.ts';

describe('keepAfter', () => {
  test('keeps a word that lasts over the moment if its middle lies after it', () => {
    const result = resultAt(0, 'one two three');
    const kept = keepAfter(result, 1.4);
    expect(kept).toMatchObject({ text: 'two three', start: 1.4, end: 3 });
    expect(kept?.words.map(({ text }) => text)).toEqual(['two', 'three']);
    expect(keepAfter(result, 1.6)).toMatchObject({ text: 'three', start: 2 });
    expect(keepAfter(result, 2.6)).toBeNull();
  });

  test('keeps an event without words whole or not at all, by its middle', () => {
    const result = resultAt(0, 'one two', { words: [] });
    expect(keepAfter(result, 0.9)).toBe(result);
    expect(keepAfter(result, 1.1)).toBeNull();
  });

  test('counts the stable characters in the text that is left', () => {
    expect(keepAfter(resultAt(0, 'one two three', { stableChars: 8 }), 1)).toMatchObject({ stableChars: 4 });
    expect(keepAfter(resultAt(0, 'one two three', { stableChars: 2 }), 1)).toMatchObject({ stableChars: 0 });
  });

  test('cuts the text at the right one of two equal words', () => {
    expect(keepAfter(resultAt(0, 'no no yes'), 1)).toMatchObject({ text: 'no yes' });
  });

  test('drops the text of earlier words even if the text spells the first kept word differently', () => {
    const { words } = resultAt(0, 'one two three');
    expect(keepAfter(resultAt(0, 'one 2 three', { words, stableChars: 11 }), 1)).toMatchObject({
      text: '2 three',
      stableChars: 7,
    });
  });
});

describe('keepBefore', () => {
  test('keeps the words that began before the moment, to the end of the last one', () => {
    const kept = keepBefore(resultAt(0, 'one two three', { stableChars: 13 }), 1.5);
    expect(kept).toMatchObject({ text: 'one two', start: 0, end: 2, stableChars: 7 });
    expect(kept?.words.map(({ text }) => text)).toEqual(['one', 'two']);
    expect(keepBefore(resultAt(2, 'one'), 2)).toBeNull();
  });

  test('keeps an event that ended before the moment as it is', () => {
    const result = resultAt(0, 'one two', { text: 'One, two.' });
    expect(keepBefore(result, 2)).toBe(result);
  });

  test('skips a word that the text spells differently', () => {
    const { words } = resultAt(0, 'one two three');
    expect(keepBefore(resultAt(0, 'one 2 three', { words }), 1.5)).toMatchObject({ text: 'one' });
    expect(keepBefore(resultAt(0, 'one 2 three one', { words }), 2.5)).toMatchObject({ text: 'one 2 three' });
  });
});
