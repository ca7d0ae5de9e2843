import type { PlacedAudio } from '../placedAudio.ts';

export type IntakeOwner = {
  /** Whether to pull the next piece now. */
  wantsMore: () => boolean;
  onPiece: (piece: PlacedAudio) => void;
  onEnd: () => void;
  /** The source failed. No piece comes after this. */
  onError: (error: unknown) => void;
};

/** Pulls pieces from an audio source, one at a time, while its owner wants more. */
export class Intake {
  /** Whether the source has ended or failed. */
  ended = false;
  /** Whether the source failed. Nothing can follow it. */
  failed = false;
  #source: AsyncIterator<PlacedAudio>;
  readonly #owner: IntakeOwner;
  #isPulling = false;
  #stopped = false;

  constructor(source: AsyncIterable<PlacedAudio>, owner: IntakeOwner) {
    this.#source = source[Symbol.asyncIterator]();
    this.#owner = owner;
  }

  /** Pulls the next piece if the owner wants it. Call this whenever `wantsMore` may have become true. */
  pull(): void {
    if (this.#isPulling || this.#stopped || this.ended || !this.#owner.wantsMore()) return;
    this.#isPulling = true;
    this.#source.next().then(this.#accept, this.#fail);
  }

  /** Goes on with another source, after the end of the first. */
  follow(source: AsyncIterable<PlacedAudio>): void {
    this.#source = source[Symbol.asyncIterator]();
    this.ended = false;
    this.pull();
  }

  /** Releases the source without waiting for it: a source that hangs may never answer. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (!this.ended) this.#source.return?.().then(undefined, () => {});
  }

  readonly #accept = (result: IteratorResult<PlacedAudio>): void => {
    this.#isPulling = false;
    if (this.#stopped) return;
    if (result.done) {
      this.ended = true;
      this.#owner.onEnd();
      return;
    }
    if (result.value.pcm.length > 0) this.#owner.onPiece(result.value);
    this.pull();
  };

  readonly #fail = (error: unknown): void => {
    if (this.#stopped) return;
    this.ended = true;
    this.failed = true;
    this.#owner.onError(error);
  };
}
