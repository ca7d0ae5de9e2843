import type { PlacedAudio } from '../placedAudio.ts';
import { AudioPages, joinAdjacent } from './audioPages.ts';

/** The length of a joined piece. AWS advises pieces of 50 to 200 ms (Transcribe, streaming best practices). */
const JOINED_SECONDS = 0.2;

/**
 * Stores the audio that goes to the engine. While the process is busy, it joins short pieces: signing and sending a
 * piece costs nearly the same at any length.
 */
export class PieceJoiner {
  readonly #pages = new AudioPages();
  readonly #joinedSamples: number;
  readonly #isBusy: () => boolean;
  #held: PlacedAudio | undefined;

  constructor(sampleRate: number, isBusy: () => boolean) {
    this.#joinedSamples = JOINED_SECONDS * sampleRate;
    this.#isBusy = isBusy;
  }

  /** The memory that is held. */
  get heldBytes(): number {
    return this.#pages.heldBytes;
  }

  /** Accepts the next piece and copies it. @returns the pieces that are ready for the engine, in order. */
  add(piece: PlacedAudio): PlacedAudio[] {
    const held = this.flush();
    const copy = this.#pages.store(piece);
    const both = held[0] && joinAdjacent(held[0], copy);
    const ready = both ? [both] : [...held, copy];
    const newest = ready.at(-1) as PlacedAudio;
    if (!this.#isBusy() || newest.pcm.length / 2 >= this.#joinedSamples) return ready;
    this.#held = newest;
    return ready.slice(0, -1);
  }

  /** Returns the piece that is held back, if there is one. */
  flush(): PlacedAudio[] {
    const held = this.#held;
    this.#held = undefined;
    return held ? [held] : [];
  }

  /** Frees the memory of the audio before this sample. */
  freeBefore(sample: number): void {
    this.#pages.freeBefore(sample);
  }
}
