import type { OnlineResult } from 'sherpa-onnx-node';
import type { Word } from '../../../contract/types.ts';

/** The library reports only the start of a token. We assume that a token lasts this long at most. */
const TOKEN_SECONDS = 0.2;

/** A piece of a word, with its start in seconds and the logarithm of its probability. */
type Token = { text: string; time: number; logProbability: number | undefined };

/**
 * Joins tokens into words. A token that begins with a space (or with `▁`, as the model writes it) begins a word.
 * @param audioSeconds the length of the audio. The library may place a token later, in the silence added at the end.
 */
export function toWords(result: OnlineResult, audioSeconds: number): Word[] {
  const groups = wordTokens(result);
  const starts = groups.map(([first]) => Math.min(first.time, audioSeconds));
  return groups.flatMap((tokens, i) => {
    const text = textOf(tokens);
    if (text === '') return [];
    const start = starts[i] ?? audioSeconds;
    const lastTokenEnd = (tokens.at(-1)?.time ?? start) + TOKEN_SECONDS;
    const end = Math.max(start, Math.min(lastTokenEnd, starts[i + 1] ?? audioSeconds, audioSeconds));
    return { text, start, end, confidence: confidenceOf(tokens) };
  });
}

function wordTokens({ tokens, timestamps, ys_probs, start_time }: OnlineResult): [Token, ...Token[]][] {
  const words: [Token, ...Token[]][] = [];
  for (const [i, raw] of tokens.entries()) {
    const text = raw.replace(/^[ ▁]+/, '');
    if (isSpecial(text)) continue;
    const token = { text, time: start_time + (timestamps[i] ?? 0), logProbability: ys_probs[i] };
    const word = words.at(-1);
    if (word && text === raw) word.push(token);
    else words.push([token]);
  }
  return words;
}

/** `<unk>`, `<en-US>` and the like are not text. `<0xEC>` is: it stands for one byte. */
function isSpecial(token: string): boolean {
  return /^<.+>$/.test(token) && !BYTE.test(token);
}

const BYTE = /^<0x([0-9A-F]{2})>$/i;

/** The text of the tokens. A letter that the model writes byte by byte appears only when all its bytes are there. */
function textOf(tokens: Token[]): string {
  const bytes = tokens.map(({ text }) => {
    const [, hex] = BYTE.exec(text) ?? [];
    return hex ? Buffer.from(hex, 'hex') : Buffer.from(text);
  });
  return new TextDecoder().decode(Buffer.concat(bytes), { stream: true });
}

/** The mean confidence of the tokens; null if the model gives no scores, or scores that are not log probabilities. */
function confidenceOf(tokens: Token[]): number | null {
  let sum = 0;
  for (const { logProbability = 1 } of tokens) {
    if (logProbability > 0) return null;
    sum += logProbability;
  }
  return Math.exp(sum / tokens.length);
}
