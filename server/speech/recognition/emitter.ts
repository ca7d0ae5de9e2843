import type { TranscriptEvent } from '../../transcriber/transcriber.ts';
import type { EventQueue } from './eventQueue.ts';
import type { ReplayBuffer } from './replayBuffer.ts';
import { Stitcher } from './stitcher.ts';

export type EmitterParts = {
  sampleRate: number;
  buffer: ReplayBuffer;
  events: EventQueue;
  /** The audio before this sample is no longer needed. */
  onAudioReleased?: ((sample: number) => void) | undefined;
};

/** Emits the utterances and gaps of a segment in the order of the stream, and releases the audio that they cover. */
export class Emitter {
  readonly #parts: EmitterParts;
  readonly #stitcher = new Stitcher();

  constructor(parts: EmitterParts) {
    this.#parts = parts;
  }

  /** Whether an utterance has begun and has no final yet. */
  get hasOpenUtterance(): boolean {
    return this.#stitcher.hasOpenUtterance;
  }

  /** The finals and gaps so far cover all audio before this sample. */
  get settledSample(): number {
    return Math.round(this.#stitcher.settledSeconds * this.#parts.sampleRate);
  }

  /** Emits a result of the current call. Its times are seconds of the stream. */
  emit(result: TranscriptEvent): void {
    const { buffer, events, sampleRate } = this.#parts;
    buffer.confirm(Math.round(result.end * sampleRate));
    events.pushAll(this.#stitcher.stitch(result));
    this.#settle(this.settledSample);
  }

  /** The current call is over. The next one may recognise the utterance that it left open. */
  interrupt(): void {
    this.#parts.events.pushAll(this.#stitcher.interrupt());
  }

  /** The current call has recognised all audio before this sample. */
  settle(sample: number): void {
    this.#parts.buffer.confirm(sample);
    this.#settle(sample);
  }

  /** Emits the gaps, now that no call will get the audio before this sample. */
  emitGaps(firstSample: number): void {
    const { buffer, events, sampleRate } = this.#parts;
    events.pushAll(this.#stitcher.closeBefore(firstSample / sampleRate));
    for (const { from, to, reason } of buffer.takeGaps(this.settledSample, firstSample)) {
      events.push({ type: 'gap', start: from / sampleRate, end: to / sampleRate, reason });
      this.#settle(to);
    }
  }

  /** No call follows. Emits a final for each open utterance. */
  closeAll(): void {
    this.#parts.events.pushAll(this.#stitcher.closeAll());
  }

  /** Releases the audio before this sample. */
  #settle(sample: number): void {
    this.#stitcher.settle(sample / this.#parts.sampleRate);
    this.#parts.buffer.ring.dropBefore(this.settledSample);
    this.#parts.onAudioReleased?.(this.settledSample);
  }
}
