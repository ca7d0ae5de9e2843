import type { Message } from '../../contract/types.ts';
import { isCaused } from './causes.ts';
import type { FaultRecord } from './faultLog.ts';
import { type Gap, type Heard, readHeard, type WrittenWord } from './heardWords.ts';
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
  /** The largest error of the times of a stream. */
  lateSeconds: number;
  /** A line for each fault that was counted and for each gap, with its time. */
  notes: string[];
};

const NO_WORDS: WordFindings = {
  ...{ words: 0, wordsLost: 0, wordsDoubled: 0, wordsReordered: 0, causelessGaps: 0 },
  ...{ gapSeconds: 0, lateSeconds: 0, notes: [] },
};

/** The edges of a gap and of what is missing may differ by this much: the silence around the words. */
const TOLERANCE_MS = 3_000;
/** Streams whose times are wrong by more than this are noted. They are no finding. */
const NOTED_LATE_MS = 1_000;

/**
 * Compares the words of one speaker with the room.
 * @param messages all messages of the room that the speaker spoke, in the order of their seqs.
 * @param faults the faults of the run: a gap needs one of them as its cause.
 */
export function auditWords(spoken: SpokenWord[], messages: Message[], faults: FaultRecord[]): WordFindings {
  const heard = readHeard(messages, spoken);
  const { numbers, gaps, doubled, reordered, lateMs } = heard;
  const missing = spoken.filter(({ number }) => !numbers.has(number));
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
    lateSeconds: Math.max(0, ...[...lateMs.values()].map(Math.abs)) / 1_000,
    notes: [
      ...lost.map((run) => `lost: ${run.length} words at ${timeOf(run[0]?.at)}`),
      ...long.map((gap) => `longer than what is missing: ${nameOf(gap)}`),
      ...strange.map((gap) => `no fault explains ${nameOf(gap)}`),
      ...notesOf(heard),
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

/** The gap that explains why a word of this time is missing. */
function gapAround(gaps: Gap[], at: number): Gap | undefined {
  const distance = ({ from, to }: Gap) => Math.max(0, from - at, at - to);
  const [nearest] = gaps.toSorted((a, b) => distance(a) - distance(b));
  return nearest && distance(nearest) <= TOLERANCE_MS ? nearest : undefined;
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

function notesOf({ doubled, reordered, lateMs, gaps }: Heard): string[] {
  const late = [...lateMs].filter(([, ms]) => Math.abs(ms) > NOTED_LATE_MS);
  return [
    ...namesOf(doubled).map((name) => `doubled: ${name}`),
    ...namesOf(reordered).map((name) => `reordered: ${name}`),
    ...late.map(([streamId, ms]) => `${ms / 1_000} s late: the times of stream ${streamId}`),
    ...gaps.map((gap) => `told: ${nameOf(gap)}`),
  ];
}

/** A name for each gap, and one for the words of each message. */
function namesOf(items: (WrittenWord | Gap)[]): string[] {
  const gaps = items.flatMap((item) => ('reason' in item ? nameOf(item) : []));
  const words = items.flatMap((item) => ('text' in item ? item : []));
  const messages = [...Map.groupBy(words, ({ messageAt }) => messageAt)].map(
    ([at, written]) => `${written.map(({ text }) => text).join(' ')} in the message of ${timeOf(at)}`,
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
