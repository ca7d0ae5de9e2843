import { type Cue, LONGEST_MS, SHORTEST_MS } from './cues.ts';

/**
 * Puts the cues of people who speak at once into one order, by when they begin, and keeps the cues of one speaker from
 * overlapping. It holds only what a later utterance can still change or precede.
 */
export class CueQueue {
  #waiting: Cue[] = [];
  /** Of each speaker the last one. */
  readonly #last = new Map<string, Cue>();

  /**
   * Takes an utterance's cues. Utterances come in the order in which they began.
   * @returns the cues that are settled by now.
   */
  add(cues: readonly Cue[]): Cue[] {
    const [first] = cues;
    if (!first) return [];
    const unsettled = this.#waiting.findIndex(({ startMs }) => startMs + LONGEST_MS > first.startMs);
    const settled = this.#waiting.splice(0, unsettled < 0 ? this.#waiting.length : unsettled);
    for (const cue of cues) this.#place({ ...cue });
    return settled;
  }

  /** All that is left. */
  rest(): Cue[] {
    return this.#waiting.splice(0);
  }

  #place(cue: Cue): void {
    const before = this.#last.get(cue.speakerId);
    this.#last.set(cue.speakerId, cue);
    if (before) {
      // An engine without times of words says all of them at once: each cue is shown for a while nevertheless.
      const lateMs = Math.max(0, before.startMs + SHORTEST_MS - cue.startMs);
      cue.startMs += lateMs;
      cue.endMs = Math.max(cue.endMs, cue.startMs + SHORTEST_MS);
      before.endMs = Math.min(before.endMs, cue.startMs);
    }
    const place = this.#waiting.findLastIndex(({ startMs }) => startMs <= cue.startMs) + 1;
    this.#waiting.splice(place, 0, cue);
  }
}
