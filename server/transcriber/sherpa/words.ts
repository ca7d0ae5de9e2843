import type { OnlineResult } from 'sherpa-onnx-node';
import type { Word } from '../../../contract/types.ts';

/** What the library tells is when a token begins; so long at most it is taken to last. */
const TOKEN_SECONDS = 0.2;

/** Pieces of words, each with the moment it was heard and the logarithm of its probability. */
type Token = { text: string; time: number; logProbability: number | undefined };

/**
 * Puts tokens together to words: one that begins with a space (or with `▁`, as the model writes it) begins a word.
 * @param audioSeconds how much audio there was: the library may hear in the silence put after it.
 */
export function toWords(result: OnlineResult, audioSeconds: number): Word[] {
  const groups = wordTokens(result);
  const starts = groups.map(([first]) => Math.min(first.time, audioSeconds));
  return groups.flatMap((tokens, i) => {
    const text = textOf(tokens);
    if (text === '') return [];
    const start = starts[i] ?? audioSeconds;
    const lastHeard = (tokens.at(-1)?.time ?? start) + TOKEN_SECONDS;
    const end = Math.max(start, Math.min(lastHeard, starts[i + 1] ?? audioSeconds, audioSeconds));
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

/** `<unk>`, `<en-US>` and the like are no text; `<0xEC>` is a byte of some. */
function isSpecial(token: string): boolean {
  return /^<.+>$/.test(token) && !BYTE.test(token);
}

const BYTE = /^<0x([0-9A-F]{2})>$/i;

/** A letter that the model spells in bytes is left out until all of them are there. */
function textOf(tokens: Token[]): string {
  const bytes = tokens.map(({ text }) => {
    const [, hex] = BYTE.exec(text) ?? [];
    return hex ? Buffer.from(hex, 'hex') : Buffer.from(text);
  });
  return new TextDecoder().decode(Buffer.concat(bytes), { stream: true });
}

/** Some models answer with scores that are no logarithms of probabilities, or with none. */
function confidenceOf(tokens: Token[]): number | null {
  let sum = 0;
  for (const { logProbability = 1 } of tokens) {
    if (logProbability > 0) return null;
    sum += logProbability;
  }
  return Math.exp(sum / tokens.length);
}
