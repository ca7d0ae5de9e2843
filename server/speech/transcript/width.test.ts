import { describe, expect, test } from 'vitest';
import { LINE_WIDTH, shortened, widthOf } from './width.ts';

describe('a line of a caption', () => {
  test.each([
    ['42 Latin letters', 'x'.repeat(42)],
    ['42 accented letters, however they are composed', 'é'.repeat(42).normalize('NFD')],
    ['16 Korean syllables', '가'.repeat(16)],
    ['16 Korean syllables, decomposed', '강'.repeat(16).normalize('NFD')],
    ['16 Chinese characters', '说'.repeat(16)],
    ['16 emoji, however many code points each', '👩‍👩‍👧‍👦'.repeat(16)],
  ])('holds %s and no more', (_, text) => {
    expect(widthOf(text)).toBe(LINE_WIDTH);
  });

  test('is cut between visible characters, never inside one', () => {
    expect(shortened('short', LINE_WIDTH)).toBe('short');
    expect(shortened('👩‍👩‍👧‍👦'.repeat(20), LINE_WIDTH)).toBe(`${'👩‍👩‍👧‍👦'.repeat(15)}…`);
    expect(widthOf(shortened('a name that goes on and on '.repeat(3), LINE_WIDTH / 2))).toBeLessThanOrEqual(
      LINE_WIDTH / 2,
    );
  });
});
