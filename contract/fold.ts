const ASCII = /^[\t\n\x20-\x7e]*$/;
/** Characters without a shape: control characters except tab and line feed, and those that Unicode calls ignorable. */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}[\p{Cc}--[\t\n]]]/gv;

/**
 * Folds a text for searching, like Unicode's NFKC_Casefold: texts that differ only in case, in their encoding (a composed
 * or decomposed syllable, a full-width letter) or in characters that nobody sees become equal. Blanks and all other
 * characters stay. We fold texts and queries by ourselves, because each database has rules of its own. Folding a folded
 * text changes nothing. One code point becomes at most 18 (U+FDFA).
 */
export function fold(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  const seen = text.toWellFormed().normalize('NFKC').replace(UNSEEN, '');
  // What is left out may have stood between two jamo or before an accent. They join at the end.
  return seen.split('ı').map(foldCase).join('ı').normalize('NFKC');
}

/**
 * Full case folding. JavaScript has only upper and lower case. The round trip joins what has one upper case: ß, ẞ and ss.
 * It would also join the dotless ı with i, which Unicode keeps apart. Lower case writes a sigma in two ways.
 */
function foldCase(text: string): string {
  return text.toLowerCase().toUpperCase().toLowerCase().replaceAll('ς', 'σ');
}
