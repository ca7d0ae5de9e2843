const NARROW = 16;
const WIDE = 42;

/**
 * How much stands on a line of a caption: 42 characters, or 16 of those that are twice as wide, such as Korean ones.
 * Netflix, Timed Text Style Guides (general requirements, and Korean); BBC Subtitle Guidelines.
 */
export const LINE_WIDTH = 42 * NARROW;
/** Of the space between two words. */
export const SPACE_WIDTH = NARROW;

const NARROW_ONLY = /^[\x20-\x7e]*$/;
const WIDE_FIRST =
  /^[\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60]/u;

const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });

/** What people see as characters: a Korean syllable or an emoji is one, however many code points it is made of. */
export function charactersOf(text: string): string[] {
  return NARROW_ONLY.test(text) ? [...text] : Array.from(graphemes.segment(text), ({ segment }) => segment);
}

/** How wide a text is on the screen, to compare with `LINE_WIDTH`. */
export function widthOf(text: string): number {
  if (NARROW_ONLY.test(text)) return text.length * NARROW;
  return charactersOf(text).reduce((sum, one) => sum + (WIDE_FIRST.test(one) ? WIDE : NARROW), 0);
}

/** The beginning of a text, with three dots where it had to be cut to be no wider than this. */
export function shortened(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let left = width - WIDE;
  const kept = charactersOf(text).filter((one) => {
    left -= widthOf(one);
    return left >= 0;
  });
  return `${kept.join('').trimEnd()}…`;
}
