import type { Word } from '../../../contract/types.ts';

/** The mean of the words', or null if one of them is not known, or there is none. */
export function confidenceOf(words: Word[]): number | null {
  if (words.length === 0) return null;
  let sum = 0;
  for (const { confidence } of words) {
    if (confidence === null) return null;
    sum += confidence;
  }
  return sum / words.length;
}
