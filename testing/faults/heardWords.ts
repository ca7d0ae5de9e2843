import type { GapReason, Message } from '../../contract/types.ts';
import { numberText } from '../../server/transcriber/testing/transcribe/numberRecognizer.ts';
import type { SpokenWord } from './numberedSpeech.ts';

/** Times are in ms since 1970. */
export type Gap = { reason: GapReason; streamId: string; from: number; to: number };

/** A word as it was written, its time, and the time of its message, in ms since 1970. */
export type WrittenWord = { text: string; streamId: string; at: number; messageAt: number };

/** What a room holds of one speaker. */
export type Heard = {
  /** The numbers that are there at least once. */
  numbers: Set<number>;
  /** Their times are corrected by `lateMs`. */
  gaps: Gap[];
  /** Words that are there twice, or that nobody said. */
  doubled: WrittenWord[];
  /** Words and gaps that stand before others that were said earlier. */
  reordered: (WrittenWord | Gap)[];
  /** For each stream: the error of all its times. A server places a stream when its first call arrives. */
  lateMs: Map<string, number>;
};

/** A gap holds up to so much silence beside what is missing. */
const SILENCE_MS = 3_000;

/** Reads the messages of one speaker, in the order of the room. */
export function readHeard(messages: Message[], spoken: SpokenWord[]): Heard {
  const [numbers, lateMs] = [new Set<number>(), new Map<string, number>()];
  const doubled: WrittenWord[] = [];
  const placed: ((WrittenWord & { said: SpokenWord }) | Gap)[] = [];
  let next = 0;
  for (const item of itemsOf(messages)) {
    if ('reason' in item) {
      placed.push(item);
      continue;
    }
    const number = numberOf(item.text, next);
    const said = number === undefined ? undefined : spoken[number];
    if (!said || numbers.has(said.number)) {
      doubled.push(item);
      continue;
    }
    next = said.number + 1;
    numbers.add(said.number);
    lateMs.getOrInsert(item.streamId, item.at - said.at);
    placed.push({ ...item, said });
  }
  const corrected = placed.map((item) =>
    'reason' in item ? earlier(item, lateMs.get(item.streamId) ?? 0) : item,
  );
  const gaps = corrected.filter((item) => 'reason' in item);
  return { numbers, gaps, doubled, reordered: findReordered(corrected), lateMs };
}

function itemsOf(messages: Message[]): (WrittenWord | Gap)[] {
  const items = messages.flatMap(({ speech }): (WrittenWord | Gap)[] => {
    if (!speech) return [];
    const { streamId, gap: reason, startedAt, endedAt, words } = speech;
    const [from, to] = [Date.parse(startedAt), Date.parse(endedAt)];
    if (reason) return [{ reason, streamId, from, to }];
    const begin = words[0]?.start ?? 0;
    const at = (start: number) => from + 1_000 * (start - begin);
    return words.map(({ text, start }) => ({ text, streamId, messageAt: from, at: at(start) }));
  });
  return items.filter((item, i) => !isCutWord(item, [items[i - 1], items[i + 1]]));
}

/** A gap may begin or end inside a word. The rest of that word is no word. */
function isCutWord(item: WrittenWord | Gap, beside: (WrittenWord | Gap | undefined)[]): boolean {
  return 'text' in item && item.text.includes('?') && beside.some((other) => other && 'reason' in other);
}

/**
 * The number that a word says. An utterance that a fault cut off may end with a guess: the engine writes the first two
 * digits of the word that it hears just now. @param next the number that is expected.
 */
function numberOf(text: string, next: number): number | undefined {
  if (/^\d{4}$/.test(text)) return Number(text);
  return /^\d{2}$/.test(text) && numberText(next).startsWith(text) ? next : undefined;
}

function earlier(gap: Gap, ms: number): Gap {
  return { ...gap, from: gap.from - ms, to: gap.to - ms };
}

function findReordered<Word extends { said: SpokenWord }>(items: (Word | Gap)[]): (Word | Gap)[] {
  let newest = Number.NEGATIVE_INFINITY;
  return items.filter((item) => {
    const [begin, end] =
      'said' in item ? [item.said.at, item.said.at] : [item.from - SILENCE_MS, item.to + SILENCE_MS];
    const isReordered = end < newest;
    newest = Math.max(newest, begin);
    return isReordered;
  });
}
