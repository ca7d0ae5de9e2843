import type { TranscriptEvent } from '../../transcriber/transcriber.ts';
import type { Told } from './eventQueue.ts';
import type { KeptAudio } from './replayBuffer.ts';
import { Seam } from './stitcher.ts';

export type TellingParts = {
  sampleRate: number;
  audio: KeptAudio;
  out: Told;
  /** No audio before this sample is needed any more. */
  onForgotten?: ((sample: number) => void) | undefined;
};

/** Tells what is heard of a stretch and what is lost of it, in order, and lets go of the audio that is told. */
export class Telling {
  readonly #parts: TellingParts;
  readonly #seam = new Seam();

  constructor(parts: TellingParts) {
    this.#parts = parts;
  }

  /** Whether something is half said. */
  get isOpen(): boolean {
    return this.#seam.open;
  }

  /** Until which sample all is told. */
  get until(): number {
    return Math.round(this.#seam.heardUntil * this.#parts.sampleRate);
  }

  hear(event: TranscriptEvent): void {
    const { audio, out, sampleRate } = this.#parts;
    audio.prove(Math.round(event.end * sampleRate));
    out.all(this.#seam.hear(event));
    this.#pass(this.until);
  }

  /** The call under way is over: what it left open may be heard again. */
  breakOff(): void {
    this.#parts.out.all(this.#seam.breakOff());
  }

  /** Tells what was lost before a sample. */
  settle(base: number): void {
    const { audio, out, sampleRate } = this.#parts;
    out.all(this.#seam.lose(base / sampleRate));
    for (const { from, to, reason } of audio.takeLost(this.until)) {
      out.tell({ type: 'gap', start: from / sampleRate, end: to / sampleRate, reason });
      this.#pass(to);
    }
  }

  /** No more is heard: what is half said stands as it was told. */
  end(): void {
    this.#parts.out.all(this.#seam.end());
  }

  /** All before this sample is heard, or lost for good. */
  #pass(sample: number): void {
    this.#seam.pass(sample / this.#parts.sampleRate);
    this.#parts.audio.ring.forget(this.until);
    this.#parts.onForgotten?.(this.until);
  }
}
