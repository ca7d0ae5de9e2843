/**
 * Makes texts comparable: upper and lower case become equal, and so do different encodings of one character, such as a
 * composed and a decomposed Korean syllable.
 */
export function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}
