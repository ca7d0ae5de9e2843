import { type Cue, LONGEST_MS, SHORTEST_MS } from './cues.ts';

/**
 * Sorts the cues of all speakers by their start, and prevents overlaps between the cues of one speaker. It holds only
 * the cues that a later utterance can still change or precede.
 */
export class CueQueue {
  #waiting: Cue[] = [];
  /** The last cue of each speaker. */
  readonly #last = new Map<string, Cue>();

  /**
   * Adds the cues of one utterance. Utterances come in the order of their starts.
   * @returns the cues that are final now.
   */
  add(cues: readonly Cue[]): Cue[] {
    const [first] = cues;
    if (!first) return [];
    const firstOpen = this.#waiting.findIndex(({ startMs }) => startMs + LONGEST_MS > first.startMs);
    const finished = this.#waiting.splice(0, firstOpen < 0 ? this.#waiting.length : firstOpen);
    for (const cue of cues) this.#place({ ...cue });
    return finished;
  }

  /** Returns the cues that are still held. */
  flush(): Cue[] {
    return this.#waiting.splice(0);
  }

  #place(cue: Cue): void {
    const before = this.#last.get(cue.speakerId);
    this.#last.set(cue.speakerId, cue);
    if (before) {
      // An engine without word times gives all cues the same time. Each is still shown for the minimum time.
      const lateMs = Math.max(0, before.startMs + SHORTEST_MS - cue.startMs);
      cue.startMs += lateMs;
      cue.endMs = Math.max(cue.endMs, cue.startMs + SHORTEST_MS);
      before.endMs = Math.min(before.endMs, cue.startMs);
    }
    const place = this.#waiting.findLastIndex(({ startMs }) => startMs <= cue.startMs) + 1;
    this.#waiting.splice(place, 0, cue);
  }
}
