import type { Word } from '../../../contract/types.ts';

/** Consecutive words of one of the people who share a microphone. */
export type Voice = { speaker: string; text: string };

/** Splits a text where the speaker changes; null if the words name no speakers or do not match an edited text. */
export function voicesOf(text: string, words: Word[]): Voice[] | null {
  const voices: { speaker: string; from: number }[] = [];
  let at = 0;
  for (const word of words) {
    const from = text.indexOf(word.text, at);
    if (word.speaker === undefined || from < 0) return null;
    at = from + word.text.length;
    if (voices.at(-1)?.speaker !== word.speaker) voices.push({ speaker: word.speaker, from });
  }
  if (voices.length === 0) return null;
  return voices.map(({ speaker, from }, i) => ({
    speaker,
    text: text.slice(from, voices[i + 1]?.from).trim(),
  }));
}
