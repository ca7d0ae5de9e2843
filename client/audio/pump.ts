import { encodeChunk } from '../../server/contract/chunk.ts';
import type { Failure } from '../sdk/errors.ts';

export type PumpState =
  | { type: 'starting' }
  | { type: 'listening' }
  /** Nothing is acked for now; what is said is kept. */
  | { type: 'waiting' }
  /** So many seconds of speech were lost in all, because they could not be kept any longer. */
  | { type: 'gap'; seconds: number }
  | { type: 'failed'; failure: Failure };

export type PumpOptions = {
  sampleRate: number;
  /** @param takeOver ends another stream of this person in this room, maybe our own whose answer was lost. */
  start: (takeOver: boolean) => Promise<{ streamId: string }>;
  push: (bytes: Uint8Array<ArrayBuffer>) => Promise<{ nextSeq: number }>;
  stop: (streamId: string) => Promise<unknown>;
  describe: (error: unknown) => Failure;
  onState: (state: PumpState) => void;
};

/** How many chunks are under way at once. */
const WINDOW = 16;
const ANSWER_MS = 8_000;
const FINISH_MS = 10_000;
const KEEP_SECONDS = 30;
const RETRY_MS = [250, 500, 1_000, 2_000, 4_000];
/** The stream is over, the speech is not: it goes on in a new one. */
const STREAM_GONE = new Set(['stream_ended', 'stream_unknown', 'chunk_out_of_window']);

/**
 * Brings chunks to the server in order and keeps every one until it is acked: a lost answer is asked for again, a lost
 * stream is begun anew with all that was kept. Only what is older than the bound is dropped, and that is told.
 */
export class Pump {
  readonly #options: PumpOptions;
  /** Not acked yet, in order; the first has the number `#base` in the stream. */
  #kept: Uint8Array[] = [];
  #base = 0;
  /** How many of the kept were sent since the last failure. */
  #sent = 0;
  #underWay = 0;
  #streamId: string | undefined;
  /** The stream that `#base` counts in; it outlasts its end until the next one has begun. */
  #numberedFor: string | undefined;
  #beginning = false;
  /** Answers to what was sent before the last failure do not count. */
  #epoch = 0;
  #attempt = 0;
  #takeOver: boolean;
  #lostSamples = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #over = false;
  #drained: (() => void) | undefined;

  constructor(options: PumpOptions, takeOver = false) {
    this.#options = options;
    this.#takeOver = takeOver;
    options.onState({ type: 'starting' });
    void this.#begin();
  }

  /** @param pcm a chunk of PCM s16le mono, not empty. */
  add(pcm: Uint8Array): void {
    if (this.#over) return;
    this.#kept.push(pcm);
    this.#dropWhatIsTooOld();
    this.#fill();
  }

  /** Waits until all is acked, or too long, and ends the stream. Add nothing after this. */
  async finish(): Promise<void> {
    if (this.#over) return;
    await this.#untilDrained();
    this.#reportLoss(this.#kept);
    const streamId = this.#streamId;
    this.close();
    if (streamId) await within(ANSWER_MS, this.#options.stop(streamId)).catch(() => {});
  }

  /** Lets everything go at once. */
  close(): void {
    this.#over = true;
    this.#kept = [];
    clearTimeout(this.#timer);
    this.#drained?.();
  }

  async #begin(): Promise<void> {
    if (this.#beginning || this.#over) return;
    this.#beginning = true;
    try {
      const { streamId } = await within(ANSWER_MS, this.#options.start(this.#takeOver));
      this.#streamId = streamId;
      this.#numberedFor = streamId;
      this.#takeOver = false;
      this.#base = 0;
      this.#rewind();
      if (!this.#over) this.#options.onState({ type: 'listening' });
    } catch (error) {
      const failure = this.#options.describe(error);
      // It may have begun all the same, and only its answer was lost.
      this.#takeOver ||= failure.retryable;
      this.#recover(failure);
    } finally {
      this.#beginning = false;
    }
    this.#fill();
  }

  #fill(): void {
    if (this.#kept.length === 0 && !this.#beginning) this.#drained?.();
    if (this.#over || !this.#streamId || this.#timer !== undefined) return;
    while (this.#underWay < WINDOW && this.#sent < this.#kept.length) {
      void this.#send(this.#streamId, this.#base + this.#sent, this.#kept[this.#sent] as Uint8Array);
      this.#sent += 1;
    }
  }

  async #send(streamId: string, seq: number, pcm: Uint8Array): Promise<void> {
    const epoch = this.#epoch;
    this.#underWay += 1;
    try {
      const { nextSeq } = await within(ANSWER_MS, this.#options.push(encodeChunk({ streamId, seq, pcm })));
      this.#ack(streamId, nextSeq, epoch);
    } catch (error) {
      if (epoch === this.#epoch) this.#recover(this.#options.describe(error));
    }
  }

  /** What a stream has, it has, even if another call to it has failed since. */
  #ack(streamId: string, nextSeq: number, epoch: number): void {
    if (epoch === this.#epoch) this.#underWay -= 1;
    const acked = streamId === this.#numberedFor ? Math.max(0, nextSeq - this.#base) : 0;
    if (acked > 0) {
      this.#kept.splice(0, acked);
      this.#base += acked;
      this.#sent = Math.max(0, this.#sent - acked);
      this.#calm();
    } else if (this.#underWay === 0) {
      // All are answered and the first is still wanted: it was lost on the way.
      this.#sent = 0;
    }
    this.#fill();
  }

  #calm(): void {
    if (this.#attempt === 0) return;
    this.#attempt = 0;
    this.#options.onState({ type: 'listening' });
  }

  #recover(failure: Failure): void {
    if (this.#over) return;
    this.#rewind();
    const isGone = STREAM_GONE.has(failure.reason);
    if (isGone) this.#streamId = undefined;
    if (!isGone && !failure.retryable) {
      this.#fail(failure);
      return;
    }
    this.#options.onState({ type: 'waiting' });
    this.#again(failure.retryAfterMs);
  }

  #again(ms = RETRY_MS[Math.min(this.#attempt, RETRY_MS.length - 1)]): void {
    this.#attempt += 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#streamId) this.#fill();
      else void this.#begin();
    }, ms);
  }

  #rewind(): void {
    this.#epoch += 1;
    this.#underWay = 0;
    this.#sent = 0;
  }

  #fail(failure: Failure): void {
    this.close();
    this.#options.onState({ type: 'failed', failure });
  }

  /** A stream's numbers cannot be skipped: when the oldest goes, what is left goes on in a new stream. */
  #dropWhatIsTooOld(): void {
    const most = KEEP_SECONDS * this.#options.sampleRate;
    let samples = this.#kept.reduce((sum, pcm) => sum + pcm.byteLength / 2, 0);
    const dropped: Uint8Array[] = [];
    while (samples > most) {
      const oldest = this.#kept.shift() as Uint8Array;
      samples -= oldest.byteLength / 2;
      dropped.push(oldest);
    }
    if (dropped.length === 0) return;
    this.#reportLoss(dropped);
    this.#takeOver ||= this.#streamId !== undefined;
    this.#streamId = undefined;
    this.#numberedFor = undefined;
    this.#rewind();
    if (this.#timer === undefined) this.#again();
  }

  #reportLoss(lost: Uint8Array[]): void {
    if (lost.length === 0) return;
    this.#lostSamples += lost.reduce((sum, pcm) => sum + pcm.byteLength / 2, 0);
    this.#options.onState({ type: 'gap', seconds: this.#lostSamples / this.#options.sampleRate });
  }

  async #untilDrained(): Promise<void> {
    if (this.#kept.length === 0 && !this.#beginning) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#drained = resolve;
    const timer = setTimeout(resolve, FINISH_MS);
    await promise;
    clearTimeout(timer);
  }
}

/** What does not settle in time is a failure; its answer, should it still come, is not used. */
function within<T>(ms: number, call: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('no answer in time')), ms);
  return Promise.race([call, promise]).finally(() => clearTimeout(timer));
}
