import type { TranscriptEvent } from '../../transcriber/transcriber.ts';
import type { EventQueue } from './eventQueue.ts';
import type { ReplayBuffer } from './replayBuffer.ts';
import { Stitcher } from './stitcher.ts';

export type EmitterParts = {
  sampleRate: number;
  audio: ReplayBuffer;
  out: EventQueue;
  /** No audio before this sample is needed any more. */
  onForgotten?: ((sample: number) => void) | undefined;
};

/** Tells what is heard of a stretch and what is lost of it, in order, and lets go of the audio that is told. */
export class Emitter {
  readonly #parts: EmitterParts;
  readonly #stitcher = new Stitcher();

  constructor(parts: EmitterParts) {
    this.#parts = parts;
  }

  /** Whether something is half said. */
  get isOpen(): boolean {
    return this.#stitcher.open;
  }

  /** Until which sample all is told. */
  get until(): number {
    return Math.round(this.#stitcher.heardUntil * this.#parts.sampleRate);
  }

  hear(event: TranscriptEvent): void {
    const { audio, out, sampleRate } = this.#parts;
    audio.prove(Math.round(event.end * sampleRate));
    out.all(this.#stitcher.hear(event));
    this.#pass(this.until);
  }

  /** The call under way is over: what it left open may be heard again. */
  breakOff(): void {
    this.#parts.out.all(this.#stitcher.breakOff());
  }

  /** Tells what was lost before a sample. */
  settle(base: number): void {
    const { audio, out, sampleRate } = this.#parts;
    out.all(this.#stitcher.lose(base / sampleRate));
    for (const { from, to, reason } of audio.takeGaps(this.until)) {
      out.tell({ type: 'gap', start: from / sampleRate, end: to / sampleRate, reason });
      this.#pass(to);
    }
  }

  /** No more is heard: what is half said stands as it was told. */
  end(): void {
    this.#parts.out.all(this.#stitcher.end());
  }

  /** All before this sample is heard, or lost for good. */
  #pass(sample: number): void {
    this.#stitcher.pass(sample / this.#parts.sampleRate);
    this.#parts.audio.ring.forget(this.until);
    this.#parts.onForgotten?.(this.until);
  }
}
