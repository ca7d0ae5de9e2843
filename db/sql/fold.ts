/** Upper and lower case are the same, and so are the ways to write one character, such as a Korean syllable. */
export function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}
