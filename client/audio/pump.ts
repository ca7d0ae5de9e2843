import { encodeChunk } from '../../contract/chunk.ts';
import type { Failure } from '../sdk/errors.ts';
import { Backlog } from './backlog.ts';
import { CALL_TIMEOUT_MS, type StreamCalls, StreamLink } from './streamLink.ts';
import { withTimeout } from './withTimeout.ts';

export type PumpState =
  | { type: 'starting' }
  | { type: 'listening'; streamId: string }
  /** The server acks nothing for now, because of `failure`. The pump keeps the audio. */
  | { type: 'waiting'; failure: Failure }
  /** This much speech was lost so far, in total. */
  | { type: 'gap'; seconds: number }
  | { type: 'failed'; failure: Failure };

export type PumpOptions = StreamCalls & { onState: (state: PumpState) => void };

/** How many chunks are in flight at once. */
const WINDOW = 16;
const FINISH_TIMEOUT_MS = 10_000;
/** How often the last words are sent to another process, because the one that had them is gone. */
const FINISH_ATTEMPTS = 3;
/** A server keeps as much while its engine is away. At 16 kHz this is 1.92 MB. */
const KEPT_SECONDS = 60;
/** After a reconnect, so much more may wait until the server has caught up. */
const CATCH_UP_SECONDS = 20;
const RETRY_MS = [250, 500, 1_000, 2_000, 4_000];
/** After these reasons the stream takes no chunk as it is numbered now. */
const STREAM_GONE = new Set(['stream_ended', 'stream_unknown', 'chunk_out_of_window']);

export type PumpStart = {
  /** Ends the stream that this person has in another window. */
  takeOver?: boolean;
  /** Continues this stream, which the page had before it was reloaded. */
  resumeStreamId?: string | undefined;
};

/**
 * Sends chunks to the server in order, and keeps the audio until its words are saved. After a lost connection it resumes
 * the stream from the number that the server wants next. If the process of the stream has died, the words that it had not
 * saved have died too: then a new stream hears all the audio behind the last saved word. Only audio over the limit of
 * 60 seconds is dropped. What was not heard of it is reported as a gap.
 */
export class Pump {
  readonly #options: PumpOptions;
  readonly #backlog = new Backlog();
  readonly #link: StreamLink;
  /** How many chunks of the backlog were sent since the last failure. */
  #sent = 0;
  #inFlight = 0;
  /** Whether the stream accepts chunks: it has started, and was resumed after the last loss of the connection. */
  #ready = false;
  #connecting = false;
  /** Counts the failures. Answers to chunks that were sent before the last failure are stale. */
  #epoch = 0;
  #attempt = 0;
  #reportedLostSamples = 0;
  /** The stream that the last `listening` state was about. */
  #reportedListening: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #finishing = false;
  #closed = false;
  #onDrained: (() => void) | undefined;

  constructor(options: PumpOptions, { takeOver = false, resumeStreamId }: PumpStart = {}) {
    this.#options = options;
    this.#link = new StreamLink(options, this.#backlog, { takeOver, streamId: resumeStreamId });
    options.onState({ type: 'starting' });
    void this.#connect();
  }

  /** @param pcm a chunk of PCM s16le mono, not empty. */
  add(pcm: Uint8Array): void {
    if (this.#closed || this.#finishing) return;
    this.#backlog.add(pcm);
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
    this.#finishing = true;
    for (let attempt = 0; attempt < FINISH_ATTEMPTS; attempt += 1) {
      await this.#untilDrained();
      if (this.#closed || !this.#isDrained || (await this.#stopStream())) break;
    }
    if (!this.#closed) this.#reportLoss(this.#backlog.unackedSamples);
    this.close();
  }

  /** Drops everything at once, and does not end the stream at the server. */
  close(): void {
    this.#closed = true;
    this.#backlog.clear();
    clearTimeout(this.#timer);
    this.#onDrained?.();
  }

  /** @returns false if the process of the stream is gone, and perhaps the last words with it. */
  async #stopStream(): Promise<boolean> {
    const { streamId } = this.#link;
    if (streamId === undefined) return true;
    let isTimeout = false;
    try {
      await withTimeout(CALL_TIMEOUT_MS, (signal) => {
        signal.addEventListener('abort', () => {
          isTimeout = true;
        });
        return this.#options.stop(streamId, signal);
      });
      return true;
    } catch (error) {
      // A process that lives takes its time for the last words.
      if (isTimeout) return true;
      this.#ready = false;
      this.#recover(this.#options.describe(error));
      return false;
    }
  }

  /** Resumes the stream. Starts one if there is none, or if it cannot go on. */
  async #connect(): Promise<void> {
    if (this.#connecting || this.#closed) return;
    this.#connecting = true;
    try {
      this.#ready = this.#link.streamId !== undefined && (await this.#link.resume());
      this.#reportLoss();
      if (!this.#ready && !(this.#finishing && this.#backlog.isEmpty)) this.#ready = await this.#link.start();
      this.#rewind();
      this.#reportListening();
      if (this.#closed) await this.#stopStream();
    } catch (error) {
      this.#recover(this.#options.describe(error));
    } finally {
      this.#connecting = false;
    }
    // Meanwhile audio was dropped that the new stream needs.
    if (!this.#ready && this.#link.streamId !== undefined && this.#timer === undefined && !this.#closed)
      this.#retryLater();
    this.#fill();
  }

  #fill(): void {
    if (this.#isDrained) this.#onDrained?.();
    const { streamId } = this.#link;
    if (this.#closed || !this.#ready || streamId === undefined || this.#timer !== undefined) return;
    while (this.#inFlight < WINDOW && this.#sent < this.#backlog.unacked) {
      void this.#send(streamId, this.#backlog.nextSeq + this.#sent, this.#backlog.at(this.#sent));
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
    const acked = streamId === this.#link.streamId ? this.#backlog.ack(nextSeq) : { chunks: 0, samples: 0 };
    if (acked.chunks > 0) {
      this.#sent = Math.max(0, this.#sent - acked.chunks);
      this.#attempt = 0;
      this.#reportListening();
      this.#link.acked(acked.samples);
    } else if (this.#inFlight === 0) {
      // All calls are answered and the server still wants the first chunk, so that chunk was lost on the way.
      this.#sent = 0;
    }
    this.#fill();
  }

  #reportListening(): void {
    const { streamId } = this.#link;
    if (this.#closed || !this.#ready || streamId === undefined || this.#reportedListening === streamId)
      return;
    this.#reportedListening = streamId;
    this.#options.onState({ type: 'listening', streamId });
  }

  #recover(failure: Failure): void {
    if (this.#closed) return;
    this.#rewind();
    const isGone = STREAM_GONE.has(failure.reason);
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

  /** All chunks that are not acked will be sent again. */
  #rewind(): void {
    this.#epoch += 1;
    this.#inFlight = 0;
    this.#sent = 0;
  }

  #fail(failure: Failure): void {
    this.close();
    this.#options.onState({ type: 'failed', failure });
  }

  /** Drops audio over the limit. A stream cannot skip the numbers of chunks that it has not acked, so it cannot go on then. */
  #dropTooOld(): void {
    const { sampleRate } = this.#options;
    const catchUpSeconds = this.#ready || this.#connecting ? CATCH_UP_SECONDS : 0;
    const maxSamples = KEPT_SECONDS * sampleRate;
    if (!this.#backlog.dropOver(maxSamples, maxSamples + catchUpSeconds * sampleRate)) return;
    this.#reportLoss();
    if (!this.#ready) return;
    this.#ready = false;
    this.#rewind();
    if (this.#timer === undefined) this.#retryLater();
  }

  /** @param givenUp audio that is lost besides. */
  #reportLoss(givenUp = 0): void {
    const samples = this.#backlog.totalLostSamples + givenUp;
    if (samples <= this.#reportedLostSamples) return;
    this.#reportedLostSamples = samples;
    this.#options.onState({ type: 'gap', seconds: samples / this.#options.sampleRate });
  }

  /** Whether no call is awaited that the last words depend on. */
  get #isDrained(): boolean {
    if (this.#connecting || this.#backlog.unacked > 0) return false;
    return this.#timer === undefined || this.#backlog.isEmpty;
  }

  async #untilDrained(): Promise<void> {
    if (this.#isDrained) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onDrained = resolve;
    const timer = setTimeout(resolve, FINISH_TIMEOUT_MS);
    await promise;
    clearTimeout(timer);
  }
}
