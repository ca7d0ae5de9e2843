import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newMessage, newRoom, roomsPage, sessionInput } from './inputs.ts';
import { LIMITS } from './limits.ts';
import { cleanName, cleanText, isVisible } from './text.ts';

/** Texts in which every character counts, so that a name and a message keep all of them. */
const SEEN = [
  ['a decomposed Korean name', '한국'.normalize('NFD')],
  ['single jamo', 'ㅋㅋ ᄒ'],
  ['a scientist', '👩‍🔬'],
  ['a kiss with two skin tones', '👩🏽‍❤️‍💋‍👨🏼'],
  ['a rainbow flag', '🏳️‍🌈'],
  ['a flag of two letters', '🇰🇷'],
  ['a flag of tags', '🏴󠁧󠁢󠁥󠁮󠁧󠁿'],
  ['a keycap', '1️⃣'],
  ['a heart as text', '❤︎'],
  ['Persian with a non-joiner', 'می‌خواهم'],
  ['Sinhala with a joiner', 'ක්‍රි'],
  ['Malayalam that ends with a joiner', 'രാജന്‍'],
  ['a Chinese character in a chosen form', '葛󠄀城'],
  ['a Mongolian letter in a chosen form', 'ᠠ᠋ᠨ'],
  ['Hebrew with points', 'שָׁלוֹם'],
  ['Thai', 'ผู้ใช้'],
  ['letters with marks', 'Zoë Ångström'],
] as const;

const FILLERS = '\u115f\u1160\u3164\uffa0\u2800';
const BIDI = '\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069';
const ZERO_WIDTH = '\u00ad\u034f\u180e\u200b\u200c\u200d\u2060\u2063\ufe0f\u{e0041}\u{e007f}\ufff9\ufffb';
const NEVER_SEEN =
  '\u0000\u0007\b\u000b\u000c\u001b\u007f\u0080\u0085\u0092\u009f\ufeff\ufffe\uffff\ufdd0\u{1ffff}\udc00\ud83d';

/** A text made of whole words, joiners, marks and characters that nobody sees. */
const anyText = fc
  .array(
    fc.oneof(
      fc.constantFrom(...SEEN.map(([, text]) => text)),
      fc.constantFrom(...`${FILLERS}${BIDI}${ZERO_WIDTH} \t\r\n\u3000\u2028`, ...NEVER_SEEN),
      fc.constantFrom(...'👩🔬❤🏴\u{e0067}1\u20e3می\u094dന葛\u{e0100}ᠠ\u180b\u0301'),
      fc.string({ unit: 'binary', maxLength: 3 }),
    ),
  )
  .map((parts) => parts.join(''));

describe('a message', () => {
  test.each([
    ['lines of Windows', 'a\r\nb', 'a\nb'],
    ['lines of old programs', 'a\rb', 'a\nb'],
    ['line and paragraph separators', 'a\u2028b\u2029c', 'a\nb\nc'],
    ['tabs and line feeds', 'a\tb\n\n c', 'a\tb\n\n c'],
    ['all that is never seen', `a${NEVER_SEEN}b`, 'ab'],
    ['directional marks, which the page isolates', `א${BIDI}b`, `א${BIDI}b`],
    ['blanks around it', ' \u3000a b\n', 'a b'],
  ])('with %s', (_, text, kept) => {
    expect(cleanText(text)).toBe(kept);
  });

  test('is free of what is never seen, and cleaning it again changes nothing', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const clean = cleanText(text);
        expect(clean.replace(/[\t\n]/g, '')).not.toMatch(/\p{Cc}|\p{Cs}|\p{NChar}|\ufeff/u);
        expect(clean.isWellFormed()).toBe(true);
        expect(cleanText(clean)).toBe(clean);
      }),
    );
  });

  test('counts its characters after the cleaning', () => {
    const message = { roomId: '0199c0de-0000-7000-8000-000000000001', clientId: crypto.randomUUID() };
    const longest = '🙂'.repeat(LIMITS.textLength);
    expect(newMessage.parse({ ...message, text: `\b\r\n${longest}\u0092 ` }).text).toBe(longest);
    expect(newMessage.safeParse({ ...message, text: `${longest}!` }).success).toBe(false);
  });
});

describe('a name', () => {
  test.each([
    ['several blanks', ' Ada \u3000\u00a0 Lovelace ', 'Ada Lovelace'],
    ['line breaks and tabs', 'Ada\r\n\tLovelace', 'Ada Lovelace'],
    ['directional marks', `A${BIDI}da`, 'Ada'],
    ['characters without width', `A${ZERO_WIDTH}da`, 'Ada'],
    ['Hangul fillers and blank Braille', `A${FILLERS}da`, 'A da'],
    ['a joiner between other letters', 'A\u200dd\u200ca', 'Ada'],
    ['a non-joiner at the end of a Persian word', 'علی\u200c', 'علی'],
    ['an emoji style on a letter or a digit', 'A\ufe0f1\ufe0f', 'A1'],
    ['hidden tags on an emoji', '🙂\u{e0061}\u{e007f}', '🙂'],
    ['all that is never seen', `A${NEVER_SEEN}da`, 'Ada'],
  ])('with %s', (_, name, kept) => {
    expect(cleanName(name)).toBe(kept);
  });

  test.each(SEEN)('keeps %s, and so does a message', (_, text) => {
    expect(cleanName(text)).toBe(text);
    expect(cleanText(text)).toBe(text);
    expect(sessionInput.parse({ name: text }).name).toBe(text);
  });

  test('is one line without directional marks, keeps all letters, and cleaning it again changes nothing', () => {
    // The blank pattern of Braille is a symbol, but nobody sees it.
    const letters = (text: string) =>
      (text.match(/[\p{L}\p{N}\p{S}\p{P}]/gu) ?? []).join('').replace(/[\p{DI}\u2800]/gu, '');
    fc.assert(
      fc.property(anyText, (name) => {
        const clean = cleanName(name);
        expect(clean).toMatch(/^(|\S|\S.*\S)$/su);
        expect(clean).not.toMatch(/[\n\t]| {2}|\p{Bidi_Control}/u);
        expect(letters(clean)).toEqual(letters(cleanText(name)));
        expect(cleanName(clean)).toBe(clean);
      }),
    );
  });

  test('of a room is searched by the same rule', () => {
    expect(roomsPage.parse({ search: 'Team\u0000  Hall\u202e ' }).search).toBe(
      newRoom.parse({ name: 'Team Hall' }).name,
    );
  });
});

describe('a text in which nobody sees anything is blank', () => {
  test.each([
    ...[...`${FILLERS}${BIDI}${ZERO_WIDTH}`],
    ...[...'\u{1d159}\u{1d173}\u{13430}\u{1343f}\u{13441}\ufffc\u0301\u20e3\u3000\u00a0\u2009\t\n'],
    ...NEVER_SEEN,
    `${FILLERS}${ZERO_WIDTH}${NEVER_SEEN}\u0301`,
  ])('%j', (text) => {
    expect(isVisible(text)).toBe(false);
    expect(sessionInput.safeParse({ name: text }).success).toBe(false);
    expect(sessionInput.safeParse({ name: `${text}a` }).success).toBe(true);
  });

  test.each([...'a1.؀한ㅋᄒกา🙂♀🇰😀\u{e000}', ...SEEN.map(([, text]) => text)])('%j is not', (text) => {
    expect(isVisible(text)).toBe(true);
  });
});
