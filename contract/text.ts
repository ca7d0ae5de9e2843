/**
 * Text as eyes see it. Keyboards and programs put in characters that nobody can see: a Korean input method sends U+0008,
 * a word processor U+000B, an old code page U+0092. The writer cannot find and delete them, so we remove them.
 */

/** CR LF, a lone CR, and the line and paragraph separators. */
const LINE_BREAK = /\r\n?|[\u2028\u2029]/g;
/** Control characters except tab and line feed, lone surrogates, code points that are no characters, byte order marks. */
const NEVER_SEEN = /[[\p{Cc}--[\t\n]]\p{Cs}\p{Noncharacter_Code_Point}\uFEFF]/gv;

/** Spaces of any kind, and the Braille cell without dots. */
const BLANK = /[\p{White_Space}\u2800]+/gv;
/**
 * A character that shows. A combining mark alone shows nothing of its own. The last line holds letters and symbols that
 * Unicode defines as blank: annotation marks, the placeholder of an object, a musical note without a head, and the joiners
 * and blanks of hieroglyphs.
 */
const VISIBLE = new RegExp(
  String.raw`[^\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cs}\p{M}\p{Noncharacter_Code_Point}` +
    String.raw`\u2800\uFFF9-\uFFFC\u{1D159}\u{13430}-\u{1343F}\u{13441}\u{13442}]`,
  'v',
);

/**
 * The places where an ignorable character changes what is seen, so that a name needs it: emoji sequences, joiners between
 * the letters of scripts that join, and the forms of Chinese characters and Mongolian letters.
 */
const JOINING =
  String.raw`[[\p{scx=Arab}\p{scx=Syrc}\p{scx=Nkoo}\p{scx=Mong}\p{scx=Deva}\p{scx=Beng}\p{scx=Guru}\p{scx=Gujr}` +
  String.raw`\p{scx=Orya}\p{scx=Taml}\p{scx=Telu}\p{scx=Knda}\p{scx=Mlym}\p{scx=Sinh}\p{scx=Khmr}\p{scx=Mymr}]` +
  String.raw`&&[[\p{L}\p{M}]--\p{Default_Ignorable_Code_Point}]]`;
const VIRAMA = String.raw`[\u094D\u09CD\u0A4D\u0ACD\u0B4D\u0BCD\u0C4D\u0CCD\u0D4D\u0DCA]`;
const NEEDED = [
  String.raw`(?<=\p{Extended_Pictographic}\uFE0F?|\p{Emoji_Modifier})\u200D(?=\p{Extended_Pictographic})`,
  String.raw`(?<=\p{Extended_Pictographic})[\uFE0E\uFE0F]`,
  String.raw`(?<=[0-9#*])\uFE0F(?=\u20E3)`,
  String.raw`(?<=\u{1F3F4})[\u{E0030}-\u{E0039}\u{E0061}-\u{E007A}]{1,6}\u{E007F}`,
  String.raw`(?<=${JOINING})[\u200C\u200D](?=${JOINING})`,
  String.raw`(?<=${VIRAMA})[\u200C\u200D]`,
  String.raw`(?<=\p{sc=Han})[\u{FE00}-\u{FE02}\u{E0100}-\u{E01EF}]`,
  String.raw`(?<=[\p{sc=Mong}&&\p{L}])[\u180B-\u180F]`,
].join('|');
/** What a name is free of: ignorable characters, directional marks among them, and annotation marks. */
const HIDDEN = new RegExp(
  String.raw`(${NEEDED})|[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\uFFF9-\uFFFB]`,
  'gv',
);

/** A text without what cannot be seen. Lines end with a line feed. Doing it twice changes nothing. */
export function seenText(text: string): string {
  return text.replace(LINE_BREAK, '\n').replace(NEVER_SEEN, '');
}

/** A message as it is kept: what is seen, without blanks around it. */
export function cleanText(text: string): string {
  return seenText(text).trim();
}

/**
 * The name of a person or a room: one line, single spaces, and nothing that makes two names look alike or turns the text
 * around it. It is not normalised: a decomposed syllable stays as it was typed. Doing it twice changes nothing.
 */
export function cleanName(name: string): string {
  return cleanText(name).replace(HIDDEN, '$1').replace(BLANK, ' ').trim();
}

/** Whether eyes see anything in the text. */
export function isVisible(text: string): boolean {
  return VISIBLE.test(text);
}
