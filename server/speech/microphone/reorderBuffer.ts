import { AppError } from '../../../contract/errors.ts';
import { LIMITS } from '../../../contract/limits.ts';

/**
 * Puts chunks into their order by number: a repeated one is dropped, an early one is held until its turn comes.
 * Whatever is taken in counts as kept: its sender may forget it.
 */
export class ReorderBuffer {
  readonly #early = new Map<number, Uint8Array>();
  #next = 0;

  /** The number wanted next. */
  get nextSeq(): number {
    return this.#next;
  }

  /**
   * Answers the chunks whose turn has come, in order; one that has to wait is copied.
   * @throws AppError `chunk_out_of_window` if it is too far ahead to be held.
   */
  take(seq: number, pcm: Uint8Array): Uint8Array[] {
    if (seq > this.#next + LIMITS.earlyChunks) {
      throw new AppError(
        'BAD_REQUEST',
        'chunk_out_of_window',
        `Chunk ${seq} is too far ahead of ${this.#next}.`,
        {
          details: { nextSeq: this.#next },
        },
      );
    }
    if (seq < this.#next) return [];
    if (seq > this.#next) {
      // The bytes lie in what was read from the socket at once: a part of it must not keep all of it in memory. (Not by
      // `slice`, which copies nothing if they are a Buffer.)
      this.#early.set(seq, new Uint8Array(pcm));
      return [];
    }
    this.#next += 1;
    return [pcm, ...this.#ready()];
  }

  /**
   * What is still held, in order, each with how many are missing before it: they will never come. Goes on behind the
   * last of them.
   */
  rest(): { missing: number; pcm: Uint8Array }[] {
    const held = [...this.#early].sort(([a], [b]) => a - b);
    this.#early.clear();
    return held.map(([seq, pcm]) => {
      const missing = seq - this.#next;
      this.#next = seq + 1;
      return { missing, pcm };
    });
  }

  #ready(): Uint8Array[] {
    const ready: Uint8Array[] = [];
    for (let pcm = this.#early.get(this.#next); pcm; pcm = this.#early.get(this.#next)) {
      this.#early.delete(this.#next);
      this.#next += 1;
      ready.push(pcm);
    }
    return ready;
  }
}
