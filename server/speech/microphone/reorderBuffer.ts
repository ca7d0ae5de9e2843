import { AppError } from '../../../contract/errors.ts';
import { LIMITS } from '../../../contract/limits.ts';

/** The memory for early chunks: as many as may be early, of a tenth of a second at 48 kHz. */
const MAX_EARLY_BYTES = LIMITS.earlyChunks * 9_600;

/**
 * Puts chunks in order by their sequence numbers. It drops a repeated chunk, and holds an early chunk until the chunks
 * before it have arrived. The sender may forget every chunk that was accepted.
 */
export class ReorderBuffer {
  readonly #early = new Map<number, Uint8Array>();
  #earlyBytes = 0;
  #nextSeq = 0;

  /** The sequence number of the next chunk. */
  get nextSeq(): number {
    return this.#nextSeq;
  }

  /**
   * Accepts a chunk; an early one is copied. @returns the chunks that are now in order: none, this one, or this one and
   * the held chunks behind it.
   * @throws AppError `chunk_out_of_window` if the chunk is too far ahead, by its number or by the bytes that are held.
   */
  add(seq: number, pcm: Uint8Array): Uint8Array[] {
    const isEarly = seq > this.#nextSeq && !this.#early.has(seq);
    const isOverBytes = isEarly && this.#earlyBytes + pcm.length > MAX_EARLY_BYTES;
    if (seq > this.#nextSeq + LIMITS.earlyChunks || isOverBytes) {
      throw new AppError(
        'BAD_REQUEST',
        'chunk_out_of_window',
        `Chunk ${seq} is too far ahead: chunk ${this.#nextSeq} comes next.`,
        { details: { nextSeq: this.#nextSeq } },
      );
    }
    if (seq < this.#nextSeq) return [];
    if (this.#early.has(seq)) return [];
    if (isEarly) {
      // `pcm` is a view of a whole socket read. A held view would keep that read in memory, so the bytes are copied.
      // `slice` would not help: on a Buffer it makes another view.
      this.#early.set(seq, new Uint8Array(pcm));
      this.#earlyBytes += pcm.length;
      return [];
    }
    this.#nextSeq += 1;
    return [pcm, ...this.#takeConsecutive()];
  }

  /**
   * Empties the buffer and gives up the missing chunks. @returns the held chunks in order, each with the number of
   * chunks that are missing directly before it. The next chunk is the one behind the last of them.
   */
  flush(): { missing: number; pcm: Uint8Array }[] {
    const held = [...this.#early].sort(([a], [b]) => a - b);
    this.#early.clear();
    this.#earlyBytes = 0;
    return held.map(([seq, pcm]) => {
      const missing = seq - this.#nextSeq;
      this.#nextSeq = seq + 1;
      return { missing, pcm };
    });
  }

  #takeConsecutive(): Uint8Array[] {
    const chunks: Uint8Array[] = [];
    for (let pcm = this.#early.get(this.#nextSeq); pcm; pcm = this.#early.get(this.#nextSeq)) {
      this.#early.delete(this.#nextSeq);
      this.#earlyBytes -= pcm.length;
      this.#nextSeq += 1;
      chunks.push(pcm);
    }
    return chunks;
  }
}
