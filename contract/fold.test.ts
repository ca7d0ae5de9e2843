import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fold } from './fold.ts';

/** The characters that have another case or form. */
function characters(): string[] {
  const all = Array.from({ length: 0x2_00_00 }, (_, code) => String.fromCodePoint(code));
  return all.filter(
    (character) =>
      character.isWellFormed() &&
      !/[가-힣]/.test(character) &&
      formsOf(character).some((form) => form !== character),
  );
}

function formsOf(character: string): string[] {
  const decomposed = ['NFC', 'NFD', 'NFKC', 'NFKD'].map((form) => character.normalize(form));
  return character === 'ı' ? decomposed : [...decomposed, character.toLowerCase(), character.toUpperCase()];
}

test('every character folds like its upper case, its lower case and its decomposed forms, and folds only once', () => {
  const wrong: string[] = [];
  for (const character of characters()) {
    const folded = fold(character);
    if ([folded, ...formsOf(character)].some((form) => fold(form) !== folded)) wrong.push(character);
  }
  expect(wrong).toEqual([]);
});

test('characters stay apart if Unicode’s own case folding keeps them apart', () => {
  const seen = new Map<string, string>();
  const joined: string[] = [];
  for (const character of characters()) {
    // One letter, without a compatibility form: here simple case folding, which regular expressions use, is all there is.
    if (character.normalize('NFKC') !== character || !/\p{L}/u.test(character)) continue;
    const folded = fold(character);
    const other = seen.get(folded);
    if ([...folded].length === 1 && other && !new RegExp(`^${other}$`, 'iu').test(character))
      joined.push(character);
    seen.set(folded, character);
  }
  expect(joined).toEqual([]);
});

test.each([
  ['Straße', 'strasse'],
  ['STRASSE', 'strasse'],
  ['ΟΔΟΣ ΣΟΦΌΣ', 'οδοσ σοφόσ'],
  ['İI', 'i̇i'],
  ['ı', 'ı'],
  ['ＡＢＣ　１', 'abc 1'],
  ['한국'.normalize('NFD'), '한국'],
  ['\u1112\u200d\u1161\u00ad\u11ab', '\ud55c'],
  ['e\u200d\u0301', '\u00e9'],
  ['ﾊﾝｶｸ', 'ハンカク'],
  ['so\u00adft\u200b\ufeff', 'soft'],
  ['a\u0000b\r\nc\td', 'ab\nc\td'],
  ['👩\u200d👧 ❤\ufe0f', '👩👧 ❤'],
  ['C++ 100% a_b\\c', 'c++ 100% a_b\\c'],
  ['  two  blanks ', '  two  blanks '],
  ['\ud800', '\ufffd'],
])('%j folds to %j', (text, folded) => {
  expect(fold(text)).toBe(folded);
});

test('a folded text stays as it is, also where characters join with their neighbours', () => {
  const unit = fc.constantFrom(
    ...'한ㅎIıİΣςßẞAKﬃﷺ',
    '\u0307',
    '\u0345',
    '\u0301',
    '\u3099',
    'か',
    '국',
    '\u200d',
    '\u115f',
    '\u3164',
  );
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 8 }), (text) => {
      expect(fold(fold(text))).toBe(fold(text));
    }),
  );
});
