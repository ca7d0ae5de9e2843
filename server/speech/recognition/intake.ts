import type { PlacedAudio } from '../placedAudio.ts';

export type IntakeOwner = {
  /** Whether the next piece is wanted already. */
  wants: () => boolean;
  onPiece: (piece: PlacedAudio) => void;
  onEnd: () => void;
  /** The source failed; nothing more comes. */
  onError: (error: unknown) => void;
};

/** Draws a source piece by piece, one at a time, for as long as its owner wants more. */
export class Intake {
  /** Whether the source has come to its end. */
  ended = false;
  readonly #source: AsyncIterator<PlacedAudio>;
  readonly #owner: IntakeOwner;
  #drawing = false;
  #stopped = false;

  constructor(source: AsyncIterable<PlacedAudio>, owner: IntakeOwner) {
    this.#source = source[Symbol.asyncIterator]();
    this.#owner = owner;
  }

  /** Draws if more is wanted; to be called whenever that may have changed. */
  draw(): void {
    if (this.#drawing || this.#stopped || !this.#owner.wants()) return;
    this.#drawing = true;
    this.#source.next().then(this.#take, this.#fail);
  }

  /** Lets the source go. It is not waited for: one that hangs may never answer. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (!this.ended) this.#source.return?.().then(undefined, () => {});
  }

  readonly #take = (drawn: IteratorResult<PlacedAudio>): void => {
    this.#drawing = false;
    if (this.#stopped) return;
    if (drawn.done) {
      this.ended = true;
      this.stop();
      this.#owner.onEnd();
      return;
    }
    if (drawn.value.pcm.length > 0) this.#owner.onPiece(drawn.value);
    this.draw();
  };

  readonly #fail = (error: unknown): void => {
    if (this.#stopped) return;
    this.ended = true;
    this.stop();
    this.#owner.onError(error);
  };
}
