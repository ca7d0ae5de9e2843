import type { AudioChunk } from '../../transcriber/transcriber.ts';
import type { RingBuffer } from './ringBuffer.ts';
import { TimeMap } from './timeMap.ts';

export type CallAudioOwner = {
  /** Whether the ring buffer holds all audio that will ever come. */
  audioEnded: () => boolean;
  /** Whether the engine may get audio now; false holds it back (backpressure). */
  maySend: () => boolean;
  /** The engine has taken a piece, so the ring buffer may want more. */
  onDemand: () => void;
  /** The engine got this many samples, or 0 for the end of the audio. */
  onSent: (samples: number) => void;
};

/**
 * The audio that one engine call reads: first what the ring buffer holds, then what comes. The engine never touches
 * the source itself, so nothing that it does can spoil the audio of the next call.
 */
export class CallAudio implements AsyncIterableIterator<AudioChunk, undefined, undefined> {
  readonly time: TimeMap;
  /** Whether the engine got the end of the audio. */
  endSent = false;
  readonly #ring: RingBuffer;
  readonly #owner: CallAudioOwner;
  #cursor: number;
  #firstSample: number | undefined;
  #closed = false;
  #pending: PromiseWithResolvers<IteratorResult<AudioChunk, undefined>> | undefined;

  constructor(ring: RingBuffer, sampleRate: number, owner: CallAudioOwner) {
    this.#ring = ring;
    this.#owner = owner;
    this.#cursor = ring.firstPiece;
    this.time = new TimeMap(sampleRate);
  }

  /** The first sample of the stream that the engine got or will get. */
  get firstSample(): number {
    return this.#firstSample ?? this.#ring.startSample;
  }

  /** The number of the piece that the engine gets next. If that piece is gone, the audio ends there. */
  get cursor(): number {
    return this.#firstSample === undefined ? Math.max(this.#cursor, this.#ring.firstPiece) : this.#cursor;
  }

  /** Whether the engine got the piece with this number. */
  hasSent(piece: number): boolean {
    return this.#firstSample !== undefined && piece < this.#cursor;
  }

  /** Whether the engine waits for audio. */
  get isWaiting(): boolean {
    return this.#pending !== undefined;
  }

  /** Whether there is audio, or the end of it, that the engine has not got yet. */
  get hasUnsent(): boolean {
    return this.cursor < this.#ring.nextPiece || (this.#owner.audioEnded() && !this.endSent);
  }

  next(): Promise<IteratorResult<AudioChunk, undefined>> {
    this.#pending ??= Promise.withResolvers();
    const { promise } = this.#pending;
    this.deliver();
    return promise;
  }

  /** Sends the next piece if the engine waits for it and the ring buffer has it. */
  deliver(): void {
    if (!this.#pending) return;
    if (this.#closed || this.endSent) this.#send(undefined);
    else if (this.#owner.maySend()) this.#sendNext();
  }

  /** Ends the audio for the engine, which may hold this iterator long after the call is over. */
  close(): void {
    this.#closed = true;
    this.deliver();
  }

  async return(): Promise<IteratorResult<AudioChunk, undefined>> {
    this.close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #sendNext(): void {
    this.#cursor = this.cursor;
    const piece = this.#ring.piece(this.#cursor);
    if (piece && !piece.lost) {
      this.#cursor += 1;
      this.#firstSample ??= piece.at;
      this.time.append(piece);
      this.#send(piece.pcm);
    } else if (this.#isAtLoss || this.#owner.audioEnded()) {
      this.endSent = true;
      this.#send(undefined);
    }
    this.#owner.onDemand();
  }

  /** Whether the next audio was lost. An engine that heard on behind it would join words that were minutes apart. */
  get #isAtLoss(): boolean {
    return this.#cursor < this.#ring.nextPiece;
  }

  #send(pcm: AudioChunk | undefined): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.resolve(pcm ? { done: false, value: pcm } : { done: true, value: undefined });
    if (!this.#closed) this.#owner.onSent((pcm?.length ?? 0) / 2);
  }
}
