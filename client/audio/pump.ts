import { encodeChunk } from '../../contract/chunk.ts';
import type { Failure } from '../sdk/errors.ts';
import { Backlog } from './backlog.ts';
import { within } from './within.ts';

export type PumpState =
  | { type: 'starting' }
  | { type: 'listening'; streamId: string }
  /** Nothing is acked for now, and why; what is said is kept. */
  | { type: 'waiting'; failure: Failure }
  /** So many seconds of speech were lost in all, because they could not be kept any longer. */
  | { type: 'gap'; seconds: number }
  | { type: 'failed'; failure: Failure };

export type StreamBeginning = {
  /** Ends another stream of this person, maybe our own whose answer was lost. */
  takeOver: boolean;
  /** How long ago the audio that comes first was said. */
  behindSeconds: number;
  /** How much was lost before that, since the last stream began. */
  lostSeconds: number;
};

/** The calls to the server. Their signal is aborted when they have taken too long: then they must not be sent any more. */
export type PumpOptions = {
  sampleRate: number;
  start: (beginning: StreamBeginning, signal: AbortSignal) => Promise<{ streamId: string }>;
  /** @param from `fresh`: what was not acked is gone, the audio that follows begins now. */
  resume: (from: { streamId: string; fresh: boolean }, signal: AbortSignal) => Promise<{ nextSeq: number }>;
  push: (bytes: Uint8Array<ArrayBuffer>, signal: AbortSignal) => Promise<{ nextSeq: number }>;
  stop: (streamId: string, signal: AbortSignal) => Promise<unknown>;
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

/** How it begins. */
export type PumpBeginning = {
  /** Ends the stream that this person has in another window. */
  takeOver?: boolean;
  /** A stream that a page before this one, since reloaded, has left: it goes on. */
  resumes?: string | undefined;
};

/**
 * Brings chunks to the server in order and keeps every one until it is acked. After a lost connection the stream is
 * resumed from the number that the server wants next; where that is refused, a new one begins with all that was kept.
 * Only what is older than the bound is dropped, and that is told.
 */
export class Pump {
  readonly #options: PumpOptions;
  readonly #kept = new Backlog();
  /** How many of the kept were sent since the last failure. */
  #sent = 0;
  #underWay = 0;
  #streamId: string | undefined;
  /** The stream that the kept are numbered for; it outlasts its end until the next one has begun. */
  #numberedFor: string | undefined;
  /** Whether the stream takes chunks: it has begun, and has been resumed since the connection was last lost. */
  #ready = false;
  #connecting = false;
  /** Answers to what was sent before the last failure do not count. */
  #epoch = 0;
  #attempt = 0;
  #takeOver: boolean;
  #lostSamples = 0;
  /** How many of them the server knows of. */
  #toldSamples = 0;
  /** How long a chunk is, to say how much was lost of what is not here any more. */
  #chunkSamples = 0;
  #toldListening: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #over = false;
  #drained: (() => void) | undefined;

  constructor(options: PumpOptions, { takeOver = false, resumes }: PumpBeginning = {}) {
    this.#options = options;
    this.#takeOver = takeOver;
    this.#streamId = resumes;
    options.onState({ type: 'starting' });
    void this.#connect();
  }

  /** @param pcm a chunk of PCM s16le mono, not empty. */
  add(pcm: Uint8Array): void {
    if (this.#over) return;
    this.#kept.add(pcm);
    this.#chunkSamples = pcm.byteLength / 2;
    this.#dropWhatIsTooOld();
    this.#fill();
  }

  /** The connection is there again: what waits for its next try need not wait. */
  retryNow(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#ready) this.#fill();
    else void this.#connect();
  }

  /** Waits until all is acked, or too long, and ends the stream. Add nothing after this. */
  async finish(): Promise<void> {
    if (this.#over) return;
    await this.#untilDrained();
    this.#reportLoss(this.#kept.samples);
    const streamId = this.#streamId;
    this.close();
    if (streamId) await within(ANSWER_MS, (signal) => this.#options.stop(streamId, signal)).catch(() => {});
  }

  /** Lets everything go at once. */
  close(): void {
    this.#over = true;
    this.#kept.clear();
    clearTimeout(this.#timer);
    this.#drained?.();
  }

  /** Goes on with the stream there is, or begins one. */
  async #connect(): Promise<void> {
    if (this.#connecting || this.#over) return;
    this.#connecting = true;
    try {
      await (this.#streamId ? this.#resume(this.#streamId) : this.#start());
      this.#rewind();
      this.#tellListening();
    } catch (error) {
      this.#recover(this.#options.describe(error));
    } finally {
      this.#connecting = false;
    }
    // It was given up while its answer was under way.
    if (!this.#streamId && this.#timer === undefined && !this.#over) this.#again();
    this.#fill();
  }

  async #start(): Promise<void> {
    const untold = this.#lostSamples - this.#toldSamples;
    const beginning = {
      takeOver: this.#takeOver,
      behindSeconds: this.#kept.samples / this.#options.sampleRate,
      lostSeconds: untold / this.#options.sampleRate,
    };
    const call = within(ANSWER_MS, (signal) => this.#options.start(beginning, signal));
    const { streamId } = await call.catch((error: unknown) => {
      // It may have begun all the same, and only its answer was lost.
      this.#takeOver ||= this.#options.describe(error).retryable;
      throw error;
    });
    this.#takeOver = false;
    this.#toldSamples += untold;
    this.#streamId = streamId;
    this.#numberedFor = streamId;
    this.#kept.numberFrom(0);
    this.#ready = true;
  }

  async #resume(streamId: string): Promise<void> {
    // Not numbered here: what this stream had under way is gone with the page before.
    const fresh = streamId !== this.#numberedFor;
    const from = fresh ? 0 : this.#kept.base;
    const { nextSeq } = await within(ANSWER_MS, (signal) =>
      this.#options.resume({ streamId, fresh }, signal),
    );
    if (streamId !== this.#streamId) return;
    if (nextSeq < from) {
      // It wants again what it had acked, which is not here any more.
      this.#reportLoss((from - nextSeq) * this.#chunkSamples);
      return this.#abandon();
    }
    if (fresh) this.#kept.numberFrom(nextSeq);
    else this.#kept.ack(nextSeq);
    this.#numberedFor = streamId;
    this.#ready = true;
  }

  /** What is left goes on in a new stream. */
  #abandon(): void {
    this.#takeOver ||= this.#streamId !== undefined;
    this.#streamId = undefined;
    this.#numberedFor = undefined;
    this.#ready = false;
    this.#rewind();
    if (this.#timer === undefined) this.#again();
  }

  #fill(): void {
    if (this.#kept.length === 0 && !this.#connecting) this.#drained?.();
    if (this.#over || !this.#ready || !this.#streamId || this.#timer !== undefined) return;
    while (this.#underWay < WINDOW && this.#sent < this.#kept.length) {
      void this.#send(this.#streamId, this.#kept.base + this.#sent, this.#kept.at(this.#sent));
      this.#sent += 1;
    }
  }

  async #send(streamId: string, seq: number, pcm: Uint8Array): Promise<void> {
    const epoch = this.#epoch;
    this.#underWay += 1;
    try {
      const { nextSeq } = await within(ANSWER_MS, (signal) =>
        this.#options.push(encodeChunk({ streamId, seq, pcm }), signal),
      );
      this.#ack(streamId, nextSeq, epoch);
    } catch (error) {
      if (epoch === this.#epoch) this.#recover(this.#options.describe(error));
    }
  }

  /** What a stream has, it has, even if another call to it has failed since. */
  #ack(streamId: string, nextSeq: number, epoch: number): void {
    if (epoch === this.#epoch) this.#underWay -= 1;
    const acked = streamId === this.#numberedFor ? this.#kept.ack(nextSeq) : 0;
    if (acked > 0) {
      this.#sent = Math.max(0, this.#sent - acked);
      this.#attempt = 0;
      this.#tellListening();
    } else if (this.#underWay === 0) {
      // All are answered and the first is still wanted: it was lost on the way.
      this.#sent = 0;
    }
    this.#fill();
  }

  #tellListening(): void {
    if (this.#over || !this.#ready || this.#toldListening === this.#streamId) return;
    this.#toldListening = this.#streamId;
    this.#options.onState({ type: 'listening', streamId: this.#streamId as string });
  }

  #recover(failure: Failure): void {
    if (this.#over) return;
    this.#rewind();
    const isResumeRefused = this.#streamId !== undefined && !this.#ready && !failure.retryable;
    const isGone = isResumeRefused || STREAM_GONE.has(failure.reason);
    if (isGone) this.#streamId = undefined;
    if (isGone || failure.reason === 'disconnected') this.#ready = false;
    if (!isGone && !failure.retryable) {
      this.#fail(failure);
      return;
    }
    this.#toldListening = undefined;
    this.#options.onState({ type: 'waiting', failure });
    this.#again(failure.retryAfterMs);
  }

  #again(ms = RETRY_MS[Math.min(this.#attempt, RETRY_MS.length - 1)]): void {
    this.#attempt += 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.retryNow(), ms);
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

  /** A stream's numbers cannot be skipped: when the oldest goes, so does the stream. */
  #dropWhatIsTooOld(): void {
    const dropped = this.#kept.dropOver(KEEP_SECONDS * this.#options.sampleRate);
    if (dropped === 0) return;
    this.#reportLoss(dropped);
    this.#abandon();
  }

  #reportLoss(samples: number): void {
    if (samples === 0) return;
    this.#lostSamples += samples;
    this.#options.onState({ type: 'gap', seconds: this.#lostSamples / this.#options.sampleRate });
  }

  async #untilDrained(): Promise<void> {
    if (this.#kept.length === 0 && !this.#connecting) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#drained = resolve;
    const timer = setTimeout(resolve, FINISH_MS);
    await promise;
    clearTimeout(timer);
  }
}
