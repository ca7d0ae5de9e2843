import type { AudioChunk } from '../../transcriber/transcriber.ts';
import type { RingBuffer } from './ringBuffer.ts';
import { TimeMap } from './timeMap.ts';

export type CallAudioOwner = {
  /** Whether no audio will come after what the ring holds. */
  ended: () => boolean;
  /** Whether audio may be given right now. */
  mayGive: () => boolean;
  /** More may be wanted in the ring. */
  onWant: () => void;
  /** The engine was given a piece, or told the end. */
  onGive: (samples: number) => void;
};

/**
 * The audio as one call of an engine draws it: first what the ring holds, then what comes. The engine never gets hold
 * of the source, so whatever it does to this, the next call can begin where it has to.
 */
export class CallAudio implements AsyncIterableIterator<AudioChunk, undefined, undefined> {
  readonly time: TimeMap;
  /** Whether the engine has been told that the audio has ended. */
  toldEnd = false;
  readonly #ring: RingBuffer;
  readonly #owner: CallAudioOwner;
  #cursor: number;
  #base: number | undefined;
  #closed = false;
  #waiting: PromiseWithResolvers<IteratorResult<AudioChunk, undefined>> | undefined;

  constructor(ring: RingBuffer, sampleRate: number, owner: CallAudioOwner) {
    this.#ring = ring;
    this.#owner = owner;
    this.#cursor = ring.first;
    this.time = new TimeMap(sampleRate);
  }

  /** The first sample of the stream that it gives, or will give. */
  get base(): number {
    return this.#base ?? this.#ring.start;
  }

  /** The number of the piece that it gives next. */
  get cursor(): number {
    return Math.max(this.#cursor, this.#ring.first);
  }

  /** Whether the engine waits for audio. */
  get waiting(): boolean {
    return this.#waiting !== undefined;
  }

  /** Whether there is audio, or the end of it, that the engine has not taken. */
  get ahead(): boolean {
    return this.cursor < this.#ring.next || (this.#owner.ended() && !this.toldEnd);
  }

  next(): Promise<IteratorResult<AudioChunk, undefined>> {
    this.#waiting ??= Promise.withResolvers();
    const { promise } = this.#waiting;
    this.wake();
    return promise;
  }

  /** Gives what is waited for, if it has come. */
  wake(): void {
    if (!this.#waiting) return;
    if (this.#closed) this.#give(undefined);
    else if (this.#owner.mayGive()) this.#giveNext();
  }

  /** Ends it for the engine, which may hold on to it for longer than anybody listens. */
  close(): void {
    this.#closed = true;
    this.wake();
  }

  async return(): Promise<IteratorResult<AudioChunk, undefined>> {
    this.close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #giveNext(): void {
    const piece = this.#ring.piece(this.cursor);
    if (piece) {
      this.#cursor = this.cursor + 1;
      this.#base ??= piece.at;
      this.time.give(piece);
      this.#give(piece.pcm);
    } else if (this.#owner.ended()) {
      this.toldEnd = true;
      this.#give(undefined);
    }
    this.#owner.onWant();
  }

  #give(pcm: AudioChunk | undefined): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(pcm ? { done: false, value: pcm } : { done: true, value: undefined });
    if (!this.#closed) this.#owner.onGive((pcm?.length ?? 0) / 2);
  }
}
