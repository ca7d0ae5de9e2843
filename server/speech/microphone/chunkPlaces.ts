import { laterPlace } from '../../../contract/chunk.ts';
import type { AudioPlace } from '../../../contract/types.ts';

/** Chunks of one length, without a loss between them. `at` is the number of the first chunk's first sample. */
type Run = { seq: number; at: number; samples: number; count: number };

/** A microphone sends chunks of one length, so it needs one run. A client that changes the length again and again is bounded. */
const MAX_RUNS = 1_000;

/** Translates samples of a stream into places in its chunks. The two differ, because lost samples count too. */
export class ChunkPlaces {
  readonly #runs: Run[] = [];
  /** The place of a sample before this one is forgotten. */
  #forgottenBefore = 0;
  #furthest: AudioPlace = { seq: 0, samples: 0 };

  /** Adds chunk `seq`, whose first sample is number `at` of the stream. Chunks come in order. */
  add(seq: number, at: number, samples: number): void {
    const last = this.#runs.at(-1);
    if (last?.samples === samples && seq === last.seq + last.count && at === last.at + last.count * samples) {
      last.count += 1;
    } else {
      this.#runs.push({ seq, at, samples, count: 1 });
      if (this.#runs.length > MAX_RUNS) this.#dropOldest();
    }
  }

  /** The audio before this place comes before the sample, and no other. Undefined if it is forgotten. */
  placeOf(sample: number): AudioPlace | undefined {
    if (sample < this.#forgottenBefore) return undefined;
    const run = this.#runs.findLast(({ at }) => at <= sample);
    if (!run) return { seq: this.#runs[0]?.seq ?? 0, samples: 0 };
    const chunks = Math.floor((sample - run.at) / run.samples);
    if (chunks >= run.count) return { seq: run.seq + run.count, samples: 0 };
    return { seq: run.seq + chunks, samples: sample - run.at - chunks * run.samples };
  }

  /** Goes on to the place of this sample, and forgets the places before it. @returns the furthest place so far. */
  advanceTo(sample: number): AudioPlace {
    this.#furthest = laterPlace(this.placeOf(sample) ?? this.#furthest, this.#furthest);
    while ((this.#runs[1]?.at ?? Number.POSITIVE_INFINITY) <= sample) this.#dropOldest();
    return this.#furthest;
  }

  #dropOldest(): void {
    this.#runs.shift();
    this.#forgottenBefore = this.#runs[0]?.at ?? 0;
  }
}
