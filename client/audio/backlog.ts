import { laterPlace } from '../../contract/chunk.ts';
import type { AudioPlace } from '../../contract/types.ts';

/** `pcm` is undefined once it was dropped. Its length still counts as time. */
type Chunk = { samples: number; pcm: Uint8Array | undefined };

const START: AudioPlace = { seq: 0, samples: 0 };

/**
 * The audio whose words are not saved yet, as numbered chunks of the stream: first those that the server has acked, then
 * the others. Only the oldest are dropped. So the chunks that have lost their audio come first too.
 */
export class Backlog {
  #chunks: Chunk[] = [];
  /** The number of the first chunk. */
  #firstSeq = 0;
  /** The number of the first chunk that is not acked. */
  #nextSeq = 0;
  #droppedChunks = 0;
  #keptSamples = 0;
  #newestAt = 0;
  /** A chunk of the page before a reload: it is as long as those of this page. Without one its length is not known. */
  #earlier: Chunk = { samples: 0, pcm: undefined };
  #savedUntil = START;
  /** The losses that are saved as gaps. */
  #savedLossSamples = 0;

  /** Whether there is nothing that could still be lost, and no loss to tell of. */
  get isEmpty(): boolean {
    return this.#chunks.length === 0;
  }

  get nextSeq(): number {
    return this.#nextSeq;
  }

  /** How many chunks are not acked. */
  get unacked(): number {
    return this.#firstSeq + this.#chunks.length - this.#nextSeq;
  }

  /** How many chunks have lost their audio. */
  get droppedChunks(): number {
    return this.#droppedChunks;
  }

  /** How much audio is lost, and not yet saved as a gap: it was dropped before the stream, or before it was acked. */
  get lostSamples(): number {
    const before = Math.max(0, -this.#firstSeq);
    const unacked = Math.max(before, this.#nextSeq - this.#firstSeq);
    return samplesOf([
      ...this.#chunks.slice(0, Math.min(before, this.#droppedChunks)),
      ...this.#chunks.slice(unacked, this.#droppedChunks),
    ]);
  }

  get totalLostSamples(): number {
    return this.#savedLossSamples + this.lostSamples;
  }

  /** How much audio is kept and not acked. */
  get unackedSamples(): number {
    return samplesOf(this.#chunks.slice(Math.max(this.#droppedChunks, this.#nextSeq - this.#firstSeq)));
  }

  /** @param pcm PCM s16le mono. */
  add(pcm: Uint8Array): void {
    this.#chunks.push({ samples: pcm.byteLength / 2, pcm });
    this.#keptSamples += pcm.byteLength / 2;
    this.#newestAt = performance.now();
    this.#earlier.samples ||= pcm.byteLength / 2;
  }

  /** How long ago the first audio that is kept was recorded; 0 if none is. */
  ageSeconds(sampleRate: number): number {
    if (this.#keptSamples === 0) return 0;
    return this.#keptSamples / sampleRate + (performance.now() - this.#newestAt) / 1_000;
  }

  /** The audio of chunk `nextSeq + index`, which was not dropped. */
  at(index: number): Uint8Array {
    return this.#chunks[this.#nextSeq - this.#firstSeq + index]?.pcm as Uint8Array;
  }

  /** The server has the chunks before this number. @returns how much audio it did not have before. */
  ack(nextSeq: number): { chunks: number; samples: number } {
    const acked = this.#chunks.slice(this.#nextSeq - this.#firstSeq, Math.max(0, nextSeq - this.#firstSeq));
    this.#nextSeq += acked.length;
    return { chunks: acked.length, samples: samplesOf(acked) };
  }

  /** The server wants this chunk next, perhaps one that it has acked. @returns false if its audio is gone. */
  goTo(nextSeq: number): boolean {
    const end = this.#firstSeq + this.#chunks.length;
    this.#nextSeq = Math.max(this.#firstSeq, Math.min(nextSeq, end));
    return nextSeq >= this.#firstSeq + this.#droppedChunks;
  }

  /** The audio before this place is saved, and so is the gap before the stream. At the start of the stream nothing is. */
  save(place: AudioPlace): void {
    if (place.seq > 0 || place.samples > 0) this.#save(place);
  }

  saveAcked(): void {
    this.#save({ seq: this.#nextSeq, samples: 0 });
  }

  #save(place: AudioPlace): void {
    this.#savedUntil = laterPlace(place, this.#savedUntil);
    this.#savedLossSamples += samplesOf(this.#chunks.slice(0, Math.max(0, -this.#firstSeq)));
    const saved = this.#chunks.splice(0, Math.max(0, this.#savedUntil.seq - this.#firstSeq));
    this.#firstSeq += saved.length;
    this.#nextSeq = Math.max(this.#nextSeq, this.#firstSeq);
    this.#droppedChunks = Math.max(0, this.#droppedChunks - saved.length);
    this.#keptSamples -= samplesOf(saved.filter(({ pcm }) => pcm));
  }

  /** The stream is over. What is not saved goes into the next one. */
  unack(): void {
    const [first] = this.#chunks;
    const { seq, samples } = this.#savedUntil;
    if (first && seq === this.#firstSeq && samples < first.samples) {
      this.#chunks[0] = { samples: first.samples - samples, pcm: first.pcm?.subarray(2 * samples) };
      if (first.pcm) this.#keptSamples -= samples;
    }
    this.#savedUntil = START;
    this.#nextSeq = this.#firstSeq;
  }

  /**
   * Numbers the chunks for a new stream, from 0. The stream was told that the first `lost` chunks are lost. They have
   * numbers below 0 until that gap is saved.
   */
  numberAnew(lost: number): void {
    this.#firstSeq = -lost;
    this.#nextSeq = 0;
    this.#savedUntil = START;
  }

  /**
   * Numbers the chunks for a stream that an earlier page has fed up to `nextSeq`. The audio of that page is gone.
   * @param savedUntil how far the stream is saved.
   */
  numberAfter(nextSeq: number, savedUntil: AudioPlace): void {
    const gone = Array<Chunk>(Math.max(0, nextSeq - savedUntil.seq)).fill(this.#earlier);
    this.#chunks.unshift(...gone);
    this.#droppedChunks += gone.length;
    this.#firstSeq = nextSeq - gone.length;
    this.#nextSeq = nextSeq;
    this.#savedUntil = savedUntil;
  }

  /**
   * Drops the oldest audio until at most `maxSamples` are kept, or `maxUnacked` that are not acked.
   * @returns whether some of it was not acked.
   */
  dropOver(maxSamples: number, maxUnacked = maxSamples): boolean {
    const lostBefore = this.lostSamples;
    const ackedChunks = this.#nextSeq - this.#firstSeq;
    while (this.#keptSamples > (this.#droppedChunks < ackedChunks ? maxSamples : maxUnacked)) {
      const oldest = this.#chunks[this.#droppedChunks] as Chunk;
      oldest.pcm = undefined;
      this.#droppedChunks += 1;
      this.#keptSamples -= oldest.samples;
    }
    return this.lostSamples > lostBefore;
  }

  clear(): void {
    this.#chunks = [];
    this.#droppedChunks = 0;
    this.#keptSamples = 0;
    this.#nextSeq = this.#firstSeq;
  }
}

function samplesOf(chunks: Chunk[]): number {
  return chunks.reduce((sum, { samples }) => sum + samples, 0);
}
