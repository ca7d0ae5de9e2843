/** Chunks that are not acked yet, in order, numbered as their stream counts them. */
export class Backlog {
  #chunks: Uint8Array[] = [];
  #base = 0;

  get length(): number {
    return this.#chunks.length;
  }

  /** The number of the first one: what the stream wants next, as far as is known. */
  get base(): number {
    return this.#base;
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

  /** The stream has all up to this number. @returns how many chunks were let go. */
  ack(nextSeq: number): number {
    const acked = Math.max(0, nextSeq - this.#base);
    this.#chunks.splice(0, acked);
    this.#base += acked;
    return acked;
  }

  /** Counts anew, in another stream or after what another page has brought to this one. */
  numberFrom(seq: number): void {
    this.#base = seq;
  }

  /** Lets the oldest go until no more than so many samples are left. @returns how many samples were let go. */
  dropOver(samples: number): number {
    let dropped = 0;
    for (let over = this.samples - samples; over > dropped; ) {
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
