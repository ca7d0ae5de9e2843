/** Audio chunks that the server has not acked yet, in order, with the numbers that their stream gives them. */
export class Backlog {
  #chunks: Uint8Array[] = [];
  #firstSeq = 0;

  get length(): number {
    return this.#chunks.length;
  }

  /** The number of the first chunk. */
  get firstSeq(): number {
    return this.#firstSeq;
  }

  get samples(): number {
    return samplesOf(this.#chunks);
  }

  /** @param pcm PCM s16le mono. */
  add(pcm: Uint8Array): void {
    this.#chunks.push(pcm);
  }

  at(index: number): Uint8Array {
    return this.#chunks[index] as Uint8Array;
  }

  /** Removes the chunks before `nextSeq`: the stream has them. @returns how many chunks were removed. */
  ack(nextSeq: number): number {
    const acked = Math.max(0, nextSeq - this.#firstSeq);
    this.#chunks.splice(0, acked);
    this.#firstSeq += acked;
    return acked;
  }

  /** Numbers the chunks for another stream, or after the chunks that an earlier page sent to this stream. */
  numberFrom(seq: number): void {
    this.#firstSeq = seq;
  }

  /** Drops the oldest chunks until at most `maxSamples` are left. @returns how many samples were dropped. */
  dropOver(maxSamples: number): number {
    let dropped = 0;
    for (let over = this.samples - maxSamples; over > dropped; ) {
      dropped += samplesOf(this.#chunks.splice(0, 1));
    }
    return dropped;
  }

  clear(): void {
    this.#chunks = [];
  }
}

function samplesOf(chunks: Uint8Array[]): number {
  return chunks.reduce((sum, pcm) => sum + pcm.byteLength / 2, 0);
}
