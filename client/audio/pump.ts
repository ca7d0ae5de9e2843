import { encodeChunk } from '../../contract/chunk.ts';
import type { Failure } from '../sdk/errors.ts';
import { Backlog } from './backlog.ts';
import { withTimeout } from './withTimeout.ts';

export type PumpState =
  | { type: 'starting' }
  | { type: 'listening'; streamId: string }
  /** The server acks nothing for now, because of `failure`. The pump keeps the audio. */
  | { type: 'waiting'; failure: Failure }
  /** This much speech was lost so far, in total. */
  | { type: 'gap'; seconds: number }
  | { type: 'failed'; failure: Failure };

/** The input of `transcripts.start` that the pump decides. */
export type StreamStart = {
  /** Ends another stream of this person. It may be the pump's own, whose start was not answered. */
  takeOver: boolean;
  /** How old the first audio is. */
  behindSeconds: number;
  /** How much audio was lost before the first, since the last stream started. */
  lostSeconds: number;
};

/** The calls to the server. Their signal is aborted at a timeout; an aborted call must not be sent later. */
export type PumpOptions = {
  sampleRate: number;
  start: (input: StreamStart, signal: AbortSignal) => Promise<{ streamId: string }>;
  /** @param from `fresh`: audio that was not acked is gone, and the next audio is from now. */
  resume: (from: { streamId: string; fresh: boolean }, signal: AbortSignal) => Promise<{ nextSeq: number }>;
  push: (bytes: Uint8Array<ArrayBuffer>, signal: AbortSignal) => Promise<{ nextSeq: number }>;
  stop: (streamId: string, signal: AbortSignal) => Promise<unknown>;
  describe: (error: unknown) => Failure;
  onState: (state: PumpState) => void;
};

/** How many chunks are in flight at once. */
const WINDOW = 16;
const CALL_TIMEOUT_MS = 8_000;
const FINISH_TIMEOUT_MS = 10_000;
const MAX_BACKLOG_SECONDS = 30;
const RETRY_MS = [250, 500, 1_000, 2_000, 4_000];
/** After these reasons the stream is over, and the speech continues in a new stream. */
const STREAM_GONE = new Set(['stream_ended', 'stream_unknown', 'chunk_out_of_window']);

export type PumpStart = {
  /** Ends the stream that this person has in another window. */
  takeOver?: boolean;
  /** Continues this stream, which the page had before it was reloaded. */
  resumeStreamId?: string | undefined;
};

/**
 * Sends chunks to the server in order and keeps each one until it is acked. After a lost connection it resumes the
 * stream from the number that the server wants next. If the server refuses that, a new stream starts with all the
 * audio that is kept. Only audio over the limit of 30 seconds is dropped, and that is reported as a gap.
 */
export class Pump {
  readonly #options: PumpOptions;
  readonly #backlog = new Backlog();
  /** How many chunks of the backlog were sent since the last failure. */
  #sent = 0;
  #inFlight = 0;
  #streamId: string | undefined;
  /** The stream that the backlog is numbered for. It stays set after the end of that stream, until the next starts. */
  #numberedFor: string | undefined;
  /** Whether the stream accepts chunks: it has started, and was resumed after the last loss of the connection. */
  #ready = false;
  #connecting = false;
  /** Counts the failures. Answers to chunks that were sent before the last failure are stale. */
  #epoch = 0;
  #attempt = 0;
  #takeOver: boolean;
  #lostSamples = 0;
  /** How many of the lost samples the server knows of. */
  #reportedLostSamples = 0;
  /** The length of a chunk, to compute the loss of acked chunks that the server wants again. */
  #chunkSamples = 0;
  /** The stream that the last `listening` state was about. */
  #reportedListening: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  #onDrained: (() => void) | undefined;

  constructor(options: PumpOptions, { takeOver = false, resumeStreamId }: PumpStart = {}) {
    this.#options = options;
    this.#takeOver = takeOver;
    this.#streamId = resumeStreamId;
    options.onState({ type: 'starting' });
    void this.#connect();
  }

  /** @param pcm a chunk of PCM s16le mono, not empty. */
  add(pcm: Uint8Array): void {
    if (this.#closed) return;
    this.#backlog.add(pcm);
    this.#chunkSamples = pcm.byteLength / 2;
    this.#dropTooOld();
    this.#fill();
  }

  /** Retries at once instead of waiting for the timer, e.g. because the connection is back. */
  retryNow(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#ready) this.#fill();
    else void this.#connect();
  }

  /** Waits until everything is acked, with a timeout, and ends the stream. Later chunks are ignored. */
  async finish(): Promise<void> {
    if (this.#closed) return;
    await this.#untilDrained();
    this.#reportLoss(this.#backlog.samples);
    this.close();
    await this.#stopStream();
  }

  /** Drops everything at once, and does not end the stream at the server. */
  close(): void {
    this.#closed = true;
    this.#backlog.clear();
    clearTimeout(this.#timer);
    this.#onDrained?.();
  }

  async #stopStream(): Promise<void> {
    const streamId = this.#streamId;
    if (!streamId) return;
    await withTimeout(CALL_TIMEOUT_MS, (signal) => this.#options.stop(streamId, signal)).catch(() => {});
  }

  /** Resumes the stream, or starts one if there is none. */
  async #connect(): Promise<void> {
    if (this.#connecting || this.#closed) return;
    this.#connecting = true;
    try {
      await (this.#streamId ? this.#resume(this.#streamId) : this.#start());
      this.#rewind();
      this.#reportListening();
      if (this.#closed) await this.#stopStream();
    } catch (error) {
      this.#recover(this.#options.describe(error));
    } finally {
      this.#connecting = false;
    }
    // The stream was abandoned while its answer was in flight.
    if (!this.#streamId && this.#timer === undefined && !this.#closed) this.#retryLater();
    this.#fill();
  }

  async #start(): Promise<void> {
    const unreportedSamples = this.#lostSamples - this.#reportedLostSamples;
    const input = {
      takeOver: this.#takeOver,
      behindSeconds: this.#backlog.samples / this.#options.sampleRate,
      lostSeconds: unreportedSamples / this.#options.sampleRate,
    };
    const call = withTimeout(CALL_TIMEOUT_MS, (signal) => this.#options.start(input, signal));
    const { streamId } = await call.catch((error: unknown) => {
      // The server may have started the stream although its answer was lost.
      this.#takeOver ||= this.#options.describe(error).retryable;
      throw error;
    });
    this.#takeOver = false;
    this.#reportedLostSamples += unreportedSamples;
    this.#streamId = streamId;
    this.#numberedFor = streamId;
    this.#backlog.numberFrom(0);
    this.#ready = true;
  }

  async #resume(streamId: string): Promise<void> {
    // A stream that the backlog is not numbered for comes from before a reload. Its unacked chunks are gone.
    const fresh = streamId !== this.#numberedFor;
    const from = fresh ? 0 : this.#backlog.firstSeq;
    const { nextSeq } = await withTimeout(CALL_TIMEOUT_MS, (signal) =>
      this.#options.resume({ streamId, fresh }, signal),
    );
    if (streamId !== this.#streamId) return;
    if (nextSeq < from) {
      // The server wants chunks again that it had acked. The backlog no longer has them.
      this.#reportLoss((from - nextSeq) * this.#chunkSamples);
      return this.#abandonStream();
    }
    if (fresh) this.#backlog.numberFrom(nextSeq);
    else this.#backlog.ack(nextSeq);
    this.#numberedFor = streamId;
    this.#ready = true;
  }

  /** Gives up the stream. The rest of the backlog goes to a new one. */
  #abandonStream(): void {
    this.#takeOver ||= this.#streamId !== undefined;
    this.#streamId = undefined;
    this.#numberedFor = undefined;
    this.#ready = false;
    this.#rewind();
    if (this.#timer === undefined) this.#retryLater();
  }

  #fill(): void {
    if (this.#backlog.length === 0 && !this.#connecting) this.#onDrained?.();
    if (this.#closed || !this.#ready || !this.#streamId || this.#timer !== undefined) return;
    while (this.#inFlight < WINDOW && this.#sent < this.#backlog.length) {
      void this.#send(this.#streamId, this.#backlog.firstSeq + this.#sent, this.#backlog.at(this.#sent));
      this.#sent += 1;
    }
  }

  async #send(streamId: string, seq: number, pcm: Uint8Array): Promise<void> {
    const epoch = this.#epoch;
    this.#inFlight += 1;
    try {
      const { nextSeq } = await withTimeout(CALL_TIMEOUT_MS, (signal) =>
        this.#options.push(encodeChunk({ streamId, seq, pcm }), signal),
      );
      this.#ack(streamId, nextSeq, epoch);
    } catch (error) {
      if (epoch === this.#epoch) this.#recover(this.#options.describe(error));
    }
  }

  /** A stale answer still acks: the stream has these chunks, even if another call has failed since. */
  #ack(streamId: string, nextSeq: number, epoch: number): void {
    if (epoch === this.#epoch) this.#inFlight -= 1;
    const acked = streamId === this.#numberedFor ? this.#backlog.ack(nextSeq) : 0;
    if (acked > 0) {
      this.#sent = Math.max(0, this.#sent - acked);
      this.#attempt = 0;
      this.#reportListening();
    } else if (this.#inFlight === 0) {
      // All calls are answered and the server still wants the first chunk, so that chunk was lost on the way.
      this.#sent = 0;
    }
    this.#fill();
  }

  #reportListening(): void {
    if (this.#closed || !this.#ready || this.#reportedListening === this.#streamId) return;
    this.#reportedListening = this.#streamId;
    this.#options.onState({ type: 'listening', streamId: this.#streamId as string });
  }

  #recover(failure: Failure): void {
    if (this.#closed) return;
    this.#rewind();
    const isResumeRefused = this.#streamId !== undefined && !this.#ready && !failure.retryable;
    const isGone = isResumeRefused || STREAM_GONE.has(failure.reason);
    if (isGone) this.#streamId = undefined;
    if (isGone || failure.reason === 'disconnected') this.#ready = false;
    if (!isGone && !failure.retryable) {
      this.#fail(failure);
      return;
    }
    this.#reportedListening = undefined;
    this.#options.onState({ type: 'waiting', failure });
    this.#retryLater(failure.retryAfterMs);
  }

  #retryLater(ms = RETRY_MS[Math.min(this.#attempt, RETRY_MS.length - 1)]): void {
    this.#attempt += 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.retryNow(), ms);
  }

  /** The whole backlog will be sent again. */
  #rewind(): void {
    this.#epoch += 1;
    this.#inFlight = 0;
    this.#sent = 0;
  }

  #fail(failure: Failure): void {
    this.close();
    this.#options.onState({ type: 'failed', failure });
  }

  /** A stream cannot skip chunk numbers, so dropping the oldest chunks also abandons the stream. */
  #dropTooOld(): void {
    const dropped = this.#backlog.dropOver(MAX_BACKLOG_SECONDS * this.#options.sampleRate);
    if (dropped === 0) return;
    this.#reportLoss(dropped);
    this.#abandonStream();
  }

  #reportLoss(samples: number): void {
    if (samples === 0) return;
    this.#lostSamples += samples;
    this.#options.onState({ type: 'gap', seconds: this.#lostSamples / this.#options.sampleRate });
  }

  async #untilDrained(): Promise<void> {
    if (this.#backlog.length === 0 && !this.#connecting) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onDrained = resolve;
    const timer = setTimeout(resolve, FINISH_TIMEOUT_MS);
    await promise;
    clearTimeout(timer);
  }
}
