const NARROW = 16;
const WIDE = 42;

/**
 * The width of a caption line: 42 characters, or 16 wide characters, such as Korean ones.
 * Netflix, Timed Text Style Guides (general requirements, and Korean); BBC Subtitle Guidelines.
 */
export const LINE_WIDTH = 42 * NARROW;
/** The width of the space between two words. */
export const SPACE_WIDTH = NARROW;

const NARROW_ONLY = /^[\x20-\x7e]*$/;
const WIDE_FIRST =
  /^[\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60]/u;

const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });

/** Splits a text into visible characters. A Korean syllable or an emoji is one, however many code points it has. */
export function charactersOf(text: string): string[] {
  return NARROW_ONLY.test(text) ? [...text] : Array.from(graphemes.segment(text), ({ segment }) => segment);
}

/** The width of a text on the screen, in the units of `LINE_WIDTH`. */
export function widthOf(text: string): number {
  if (NARROW_ONLY.test(text)) return text.length * NARROW;
  return charactersOf(text).reduce((sum, one) => sum + (WIDE_FIRST.test(one) ? WIDE : NARROW), 0);
}

/** Cuts a text to this width, and marks the cut with an ellipsis. */
export function shortened(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let left = width - WIDE;
  const kept = charactersOf(text).filter((one) => {
    left -= widthOf(one);
    return left >= 0;
  });
  return `${kept.join('').trimEnd()}…`;
}
