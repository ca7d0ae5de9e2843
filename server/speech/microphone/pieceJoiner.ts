import type { PlacedAudio } from '../placedAudio.ts';
import { AudioPages, joined } from './audioPages.ts';

/** How much is gathered. Amazon advises pieces of 50 to 200 ms (Transcribe, streaming guidelines). */
const GATHER_SECONDS = 0.2;

/**
 * Keeps the audio that goes on to be heard, and joins its pieces while the process has little time: to sign one and to
 * send it costs an engine's client nearly the same, however long it is.
 */
export class PieceJoiner {
  readonly #pages = new AudioPages();
  readonly #samples: number;
  readonly #isBusy: () => boolean;
  #held: PlacedAudio | undefined;

  constructor(sampleRate: number, isBusy: () => boolean) {
    this.#samples = GATHER_SECONDS * sampleRate;
    this.#isBusy = isBusy;
  }

  /** @returns copies of what is to go on now. */
  take(piece: PlacedAudio): PlacedAudio[] {
    const held = this.flush();
    const kept = this.#pages.keep(piece);
    const both = held[0] && joined(held[0], kept);
    const ready = both ? [both] : [...held, kept];
    const newest = ready.at(-1) as PlacedAudio;
    if (!this.#isBusy() || newest.pcm.length / 2 >= this.#samples) return ready;
    this.#held = newest;
    return ready.slice(0, -1);
  }

  /** What is held back: more of it will not come. */
  flush(): PlacedAudio[] {
    const held = this.#held;
    this.#held = undefined;
    return held ? [held] : [];
  }

  /** What lies before this sample has been heard: its memory is used again. */
  forget(sample: number): void {
    this.#pages.forget(sample);
  }
}
