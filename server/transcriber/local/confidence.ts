import type { Word } from '../../../contract/types.ts';

/** The mean confidence of the words; null if there are no words or a word has no confidence. */
export function confidenceOf(words: Word[]): number | null {
  if (words.length === 0) return null;
  let sum = 0;
  for (const { confidence } of words) {
    if (confidence === null) return null;
    sum += confidence;
  }
  return sum / words.length;
}
