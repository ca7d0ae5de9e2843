import type { Message, Speech } from '../../contract/types.ts';
import { numberText } from '../../server/transcriber/testing/transcribe/numberRecognizer.ts';
import { isCaused } from './causes.ts';
import type { FaultRecord } from './faultLog.ts';
import type { SpokenWord } from './numberedSpeech.ts';

/** What was found out about speech. Each fault that is counted must be 0. */
export type WordFindings = {
  words: number;
  /** Words that are in no message and in no gap. */
  wordsLost: number;
  /** Words that are in the messages twice, or that nobody said. */
  wordsDoubled: number;
  /** Words and gaps that stand in the room before others that were said earlier. */
  wordsReordered: number;
  /**
   * Runs of words that are missing without a gap; gaps whose reason does not fit the faults of their time; and gaps that
   * are longer than what is missing.
   */
  causelessGaps: number;
  /** How much audio the room was told to be lost. */
  gapSeconds: number;
  /** The largest error of a word's time. */
  lateSeconds: number;
  /** A line for each fault that was counted and for each gap, with its time. */
  notes: string[];
};

const NO_WORDS: WordFindings = {
  ...{ words: 0, wordsLost: 0, wordsDoubled: 0, wordsReordered: 0, causelessGaps: 0 },
  ...{ gapSeconds: 0, lateSeconds: 0, notes: [] },
};

/** The time of a word in a message may be wrong by this much, because a stream begins with its first chunk. */
const TOLERANCE_MS = 3_000;
/** Words whose time is wrong by more than this are noted. They are no finding. */
const LATE_MS = 1_000;

type Gap = { reason: NonNullable<Speech['gap']>; from: number; to: number };
/**
 * What the room says about one speaker, in its order: gaps, and words as they were written, each with the time of its
 * message and its own.
 */
type Item = { word: string; in: number; at: number } | { gap: Gap };

/**
 * Compares the words of one speaker with the room.
 * @param messages all messages of the room that the speaker spoke, in the order of their seqs.
 * @param faults the faults of the run: a gap needs one of them as its cause.
 */
export function auditWords(spoken: SpokenWord[], messages: Message[], faults: FaultRecord[]): WordFindings {
  const items = itemsOf(messages);
  const { heard, doubled, reordered, late, lateMs } = readItems(items, spoken);
  const gaps = items.flatMap((item) => ('gap' in item ? item.gap : []));
  const missing = spoken.filter(({ number }) => !heard.has(number));
  const byGap = Map.groupBy(missing, ({ at }) => gapAround(gaps, at));
  const lost = runsOf(byGap.get(undefined) ?? []);
  const long = gaps.filter((gap) => !fits(gap, byGap.get(gap) ?? []));
  const strange = gaps.filter((gap) => !long.includes(gap) && !isCaused(gap, faults));
  return {
    words: spoken.length,
    wordsLost: lost.flat().length,
    wordsDoubled: doubled.length,
    wordsReordered: reordered.length,
    causelessGaps: lost.length + long.length + strange.length,
    gapSeconds: gaps.reduce((sum, { from, to }) => sum + (to - from) / 1_000, 0),
    lateSeconds: lateMs / 1_000,
    notes: [
      ...lost.map((run) => `lost: ${run.length} words at ${timeOf(run[0]?.at)}`),
      ...namesOf(doubled).map((name) => `doubled: ${name}`),
      ...namesOf(reordered).map((name) => `reordered: ${name}`),
      ...long.map((gap) => `longer than what is missing: ${nameOf(gap)}`),
      ...strange.map((gap) => `no fault explains ${nameOf(gap)}`),
      ...[...late].map(([at, ms]) => `${ms / 1_000} s late: the message of ${timeOf(at)}`),
      ...gaps.map((gap) => `told: ${nameOf(gap)}`),
    ],
  };
}

export function sumWords(findings: WordFindings[]): WordFindings {
  return findings.reduce(
    (a, b) => ({
      words: a.words + b.words,
      wordsLost: a.wordsLost + b.wordsLost,
      wordsDoubled: a.wordsDoubled + b.wordsDoubled,
      wordsReordered: a.wordsReordered + b.wordsReordered,
      causelessGaps: a.causelessGaps + b.causelessGaps,
      gapSeconds: a.gapSeconds + b.gapSeconds,
      lateSeconds: Math.max(a.lateSeconds, b.lateSeconds),
      notes: [...a.notes, ...b.notes],
    }),
    NO_WORDS,
  );
}

function itemsOf(messages: Message[]): Item[] {
  return messages.flatMap(({ speech }): Item[] => {
    if (!speech) return [];
    const [from, to] = [Date.parse(speech.startedAt), Date.parse(speech.endedAt)];
    if (speech.gap) return [{ gap: { reason: speech.gap, from, to } }];
    const begin = speech.words[0]?.start ?? 0;
    return speech.words.map(({ text, start }) => ({
      word: text,
      in: from,
      at: from + 1_000 * (start - begin),
    }));
  });
}

/** Reads the words in the order of the room. `heard`: the numbers that are there at least once. */
function readItems(items: Item[], spoken: SpokenWord[]) {
  const heard = new Set<number>();
  const [doubled, reordered]: [Item[], Item[]] = [[], []];
  /** By message: how wrong its time is. */
  const late = new Map<number, number>();
  let lateMs = 0;
  let newest = Number.NEGATIVE_INFINITY;
  let last = -1;
  for (const [i, item] of items.entries()) {
    if ('gap' in item) {
      if (newest > item.gap.to + TOLERANCE_MS) reordered.push(item);
      newest = Math.max(newest, item.gap.from - TOLERANCE_MS);
      continue;
    }
    // A gap may begin or end inside a word. The rest of that word is no word.
    const isAtGap = [items[i - 1], items[i + 1]].some((beside) => beside && 'gap' in beside);
    if (isAtGap && item.word.includes('?')) continue;
    const number = numberOf(item.word, last + 1);
    const said = number === undefined ? undefined : spoken[number];
    if (!said || heard.has(said.number)) {
      doubled.push(item);
      continue;
    }
    if (said.at < newest) reordered.push(item);
    const error = Math.abs(item.at - said.at);
    lateMs = Math.max(lateMs, error);
    if (error > LATE_MS) late.set(item.in, item.at - said.at);
    heard.add(said.number);
    newest = Math.max(newest, said.at);
    last = said.number;
  }
  return { heard, doubled, reordered, late, lateMs };
}

/**
 * The number that a word says. An utterance that a fault cut off may end with a guess: the engine writes the first two
 * digits of the word that it hears just now. @param next the number that is expected.
 */
function numberOf(word: string, next: number): number | undefined {
  if (/^\d{4}$/.test(word)) return Number(word);
  return /^\d{2}$/.test(word) && numberText(next).startsWith(word) ? next : undefined;
}

/** The gap that explains why a word of this time is missing. */
function gapAround(gaps: Gap[], at: number): Gap | undefined {
  const [nearest] = gaps.toSorted((a, b) => distance(a, at) - distance(b, at));
  return nearest && distance(nearest, at) <= TOLERANCE_MS ? nearest : undefined;
}

function distance({ from, to }: Gap, at: number): number {
  return Math.max(0, from - at, at - to);
}

/** Whether the words that are missing in a gap are about as long as the gap. A short gap may hold silence only. */
function fits({ from, to }: Gap, missing: SpokenWord[]): boolean {
  const [first, last] = [missing.at(0), missing.at(-1)];
  if (!first || !last) return to - from <= TOLERANCE_MS;
  return to - from - (last.at - first.at) <= 2 * TOLERANCE_MS;
}

/** Words that follow each other are one run. */
function runsOf(words: SpokenWord[]): SpokenWord[][] {
  const runs: SpokenWord[][] = [];
  for (const word of words) {
    const run = runs.at(-1);
    if (run?.at(-1)?.number === word.number - 1) run.push(word);
    else runs.push([word]);
  }
  return runs;
}

/** A name for each gap, and one for the words of each message. */
function namesOf(items: Item[]): string[] {
  const gaps = items.flatMap((item) => ('gap' in item ? nameOf(item.gap) : []));
  const words = items.flatMap((item) => ('word' in item ? item : []));
  const messages = [...Map.groupBy(words, (word) => word.in)].map(
    ([at, said]) => `${said.map(({ word }) => word).join(' ')} in the message of ${timeOf(at)}`,
  );
  return [...gaps, ...messages];
}

function nameOf({ reason, from, to }: Gap): string {
  return `the gap (${reason}) from ${timeOf(from)} to ${timeOf(to)}`;
}

/** The time of day. @param at in ms since 1970. */
export function timeOf(at = 0): string {
  return new Date(at).toISOString().slice(11, 23);
}
