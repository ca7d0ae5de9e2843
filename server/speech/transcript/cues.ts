import type { Utterance } from '../../../contract/types.ts';
import type { Piece } from './pieces.ts';
import { type Turn, textOf, turnsOf } from './turns.ts';
import { LINE_WIDTH, SPACE_WIDTH, widthOf } from './width.ts';

/** A caption of one speaker, on at most two lines. Times are ms since 1970. */
export type Cue = { startMs: number; endMs: number; speakerId: string; name: string; lines: string[] };

/** The shortest and the longest time for which a cue is shown. */
export const SHORTEST_MS = 1_000;
export const LONGEST_MS = 7_000;

/** A cue does not reach over a silence of this length: nobody should read words before they are said. */
const SILENCE_MS = 2_000;
const PAUSE_MS = 300;

const SENTENCE_END = /[.?!…。？！]["'”’)\]]*$/u;
const CLAUSE_END = /[,;:、，；：]$/u;

/**
 * Cuts an utterance into cues, in order.
 * @param prefix the start of every cue, e.g. the speaker's name. At most half a line.
 */
export function cuesOf(utterance: Utterance, prefix: (name: string) => string): Cue[] {
  return turnsOf(utterance).flatMap((turn) => cutTurn(turn, utterance.speaker.id, prefix(turn.name)));
}

function cutTurn({ name, pieces }: Turn, speakerId: string, prefix: string): Cue[] {
  const cues: Cue[] = [];
  for (let rest = pieces, [first] = rest; first; [first] = rest) {
    const shown = rest.slice(0, countForNextCue(rest, widthOf(prefix)));
    rest = rest.slice(shown.length);
    const { startMs } = first;
    const saidMs = (shown.at(-1) ?? first).endMs - startMs;
    const endMs = startMs + Math.min(LONGEST_MS, Math.max(SHORTEST_MS, saidMs));
    cues.push({ startMs, endMs, speakerId, name, lines: linesOf(shown, prefix) });
  }
  return cues;
}

/** The number of pieces for the next cue: all if they fit. Otherwise it ends at the best break. */
function countForNextCue(pieces: Piece[], prefixWidth: number): number {
  const most = countThatFits(pieces, prefixWidth);
  if (most === pieces.length) return most;
  let [best, bestRank] = [most, breakRank(pieces, most)];
  for (let count = most - 1; count >= most / 3 && shownMs(pieces, count) >= SHORTEST_MS; count -= 1) {
    const rank = breakRank(pieces, count);
    if (rank > bestRank) [best, bestRank] = [count, rank];
  }
  return best;
}

/** The number of pieces that fit on two lines and into the longest time. */
function countThatFits(pieces: Piece[], prefixWidth: number): number {
  let [lines, width, count] = [1, prefixWidth, 0];
  for (const piece of pieces) {
    if (count > 0 && (isTooLong(pieces, count) || silenceBefore(pieces, count) >= SILENCE_MS)) break;
    const wider = width + piece.width + (piece.spaced && count > 0 ? SPACE_WIDTH : 0);
    if (wider > LINE_WIDTH && lines === 2) break;
    if (wider > LINE_WIDTH) lines = 2;
    width = wider > LINE_WIDTH ? piece.width : wider;
    count += 1;
  }
  return count;
}

function isTooLong(pieces: Piece[], index: number): boolean {
  return (pieces[index]?.endMs ?? 0) - (pieces[0]?.startMs ?? 0) > LONGEST_MS;
}

function silenceBefore(pieces: Piece[], index: number): number {
  return (pieces[index]?.startMs ?? 0) - (pieces[index - 1]?.endMs ?? 0);
}

/** How long the first `count` pieces can be shown before the next piece begins, in ms. */
function shownMs(pieces: Piece[], count: number): number {
  return (pieces[count]?.startMs ?? 0) - (pieces[0]?.startMs ?? 0);
}

/** The quality of a break after `count` pieces: 4 after a silence, 3 a sentence, 2 a clause, 1 a pause, 0 elsewhere. */
function breakRank(pieces: Piece[], count: number): number {
  const silenceMs = silenceBefore(pieces, count);
  const text = pieces[count - 1]?.text ?? '';
  if (silenceMs >= SILENCE_MS) return 4;
  if (SENTENCE_END.test(text)) return 3;
  if (CLAUSE_END.test(text)) return 2;
  return silenceMs >= PAUSE_MS ? 1 : 0;
}

/** One line if all fits. Otherwise two lines of similar width, broken at punctuation if that is near. */
function linesOf(pieces: Piece[], prefix: string): string[] {
  const split = (count: number) =>
    [prefix + textOf(pieces.slice(0, count)), textOf(pieces.slice(count))].map((line) => line.trim());
  const whole = split(pieces.length);
  if (widthOf(whole[0] ?? '') <= LINE_WIDTH) return whole.slice(0, 1);
  let best = { lines: split(0), cost: Number.POSITIVE_INFINITY };
  for (let count = 1; count < pieces.length; count += 1) {
    const lines = split(count);
    const [upper = 0, lower = 0] = lines.map(widthOf);
    const isPunctuated = breakRank(pieces, count) >= 2 && silenceBefore(pieces, count) < SILENCE_MS;
    const cost = Math.abs(upper - lower) - (isPunctuated ? LINE_WIDTH / 4 : 0);
    if (upper <= LINE_WIDTH && lower <= LINE_WIDTH && cost < best.cost) best = { lines, cost };
  }
  return best.lines;
}
