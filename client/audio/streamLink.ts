import { LIMITS } from '../../contract/limits.ts';
import type { AudioPlace } from '../../contract/types.ts';
import type { Failure } from '../sdk/errors.ts';
import type { Backlog } from './backlog.ts';
import { withTimeout } from './withTimeout.ts';

/** The input of `transcripts.start` that the pump decides. */
export type StreamStart = {
  /** Ends another stream of this person. It may be the pump's own, whose start was not answered. */
  takeOver: boolean;
  /** How old the first audio is. */
  behindSeconds: number;
  /** How much audio was lost before the first, since the last stream started. */
  lostSeconds: number;
};

/** The input of `transcripts.resume`. */
export type StreamResume = {
  streamId: string;
  /** Audio that was not acked is gone, and the next audio is from now. */
  fresh: boolean;
  keepsAudio: true;
};

/** The calls to the server. Their signal is aborted at a timeout; an aborted call must not be sent later. */
export type StreamCalls = {
  sampleRate: number;
  start: (input: StreamStart, signal: AbortSignal) => Promise<{ streamId: string }>;
  /** `heardUntil`: the audio before this place is saved. A server that does not know answers without it. */
  resume: (
    from: StreamResume,
    signal: AbortSignal,
  ) => Promise<{ nextSeq: number; heardUntil?: AudioPlace | undefined }>;
  push: (bytes: Uint8Array<ArrayBuffer>, signal: AbortSignal) => Promise<{ nextSeq: number }>;
  stop: (streamId: string, signal: AbortSignal) => Promise<unknown>;
  describe: (error: unknown) => Failure;
};

export const CALL_TIMEOUT_MS = 8_000;
/** How much audio is acked between two questions how far it is saved. */
const ASK_SECONDS = 10;

export type LinkStart = { takeOver: boolean; streamId: string | undefined };

/**
 * The stream that a backlog goes to. It resumes the stream after a lost connection. If the stream is over or cannot go
 * on, a new one starts with all the audio that the old one has not saved.
 */
export class StreamLink {
  readonly #calls: StreamCalls;
  readonly #backlog: Backlog;
  #streamId: string | undefined;
  /** Whether the stream comes from before a reload, so that the backlog has no numbers for it yet. */
  #isFresh: boolean;
  #takeOver: boolean;
  /** How much audio was acked since the last question how far it is saved; undefined while the answer is awaited. */
  #unasked: number | undefined = 0;

  constructor(calls: StreamCalls, backlog: Backlog, { takeOver, streamId }: LinkStart) {
    this.#calls = calls;
    this.#backlog = backlog;
    this.#takeOver = takeOver;
    this.#streamId = streamId;
    this.#isFresh = streamId !== undefined;
  }

  get streamId(): string | undefined {
    return this.#streamId;
  }

  /**
   * Resumes the stream. @returns whether it goes on. If not, the backlog holds what the next stream has to hear.
   * @throws the error of a call that can succeed later.
   */
  async resume(): Promise<boolean> {
    const answer = await this.#ask(this.#streamId as string, this.#isFresh).catch((error: unknown) => {
      const failure = this.#calls.describe(error);
      if (failure.retryable) throw error;
      return failure;
    });
    const goesOn = 'nextSeq' in answer ? this.#goOn(answer) : this.#outlive(answer);
    this.#isFresh = false;
    return goesOn;
  }

  /** Starts a new stream. @returns false if meanwhile audio was dropped that it needs. @throws the error of the call. */
  async start(): Promise<boolean> {
    const { sampleRate } = this.#calls;
    const { droppedChunks, lostSamples } = this.#backlog;
    const input = {
      takeOver: this.#takeOver,
      behindSeconds: this.#backlog.ageSeconds(sampleRate),
      lostSeconds: Math.min(LIMITS.lostSecondsMax, lostSamples / sampleRate),
    };
    const call = withTimeout(CALL_TIMEOUT_MS, (signal) => this.#calls.start(input, signal));
    const { streamId } = await call.catch((error: unknown) => {
      // The server may have started the stream although its answer was lost.
      this.#takeOver ||= this.#calls.describe(error).retryable;
      throw error;
    });
    this.#takeOver = false;
    this.#streamId = streamId;
    this.#backlog.numberAnew(droppedChunks);
    return this.#backlog.droppedChunks === droppedChunks;
  }

  /**
   * The server has acked so much more audio. Now and then this asks how far the audio is saved, so that its memory is free
   * and a silence is no loss.
   */
  acked(samples: number): void {
    const streamId = this.#streamId;
    if (this.#unasked === undefined || streamId === undefined) return;
    this.#unasked += samples;
    if (this.#unasked < ASK_SECONDS * this.#calls.sampleRate) return;
    this.#unasked = undefined;
    this.#ask(streamId, false)
      .then(({ heardUntil }) => streamId === this.#streamId && this.#noteSaved(heardUntil))
      // The next chunk meets the same fault.
      .catch(() => {})
      .finally(() => {
        this.#unasked = 0;
      });
  }

  #ask(streamId: string, fresh: boolean): ReturnType<StreamCalls['resume']> {
    return withTimeout(CALL_TIMEOUT_MS, (signal) =>
      this.#calls.resume({ streamId, fresh, keepsAudio: true }, signal),
    );
  }

  #goOn({ nextSeq, heardUntil }: { nextSeq: number; heardUntil?: AudioPlace | undefined }): boolean {
    if (this.#isFresh) this.#backlog.numberAfter(nextSeq, heardUntil ?? { seq: nextSeq, samples: 0 });
    if (this.#backlog.goTo(nextSeq)) {
      this.#noteSaved(heardUntil);
      return true;
    }
    // The stream cannot skip the chunks that were dropped. Its process lives, and saves all that it has acked.
    this.#takeOver = true;
    this.#noteSaved(undefined);
    this.#leave();
    return false;
  }

  /** The stream is over. `details` tell how far it is saved; left out: as far as it was acked. */
  #outlive({ details: { heardSeq, heardSamples } }: Failure): false {
    const isKnown = typeof heardSeq === 'number' && typeof heardSamples === 'number';
    if (!this.#isFresh) this.#noteSaved(isKnown ? { seq: heardSeq, samples: heardSamples } : undefined);
    this.#leave();
    return false;
  }

  #leave(): void {
    this.#streamId = undefined;
    this.#backlog.unack();
  }

  /** A server that does not tell how far it has saved the audio is trusted with all that it acked. */
  #noteSaved(heardUntil: AudioPlace | undefined): void {
    if (heardUntil) this.#backlog.save(heardUntil);
    else this.#backlog.saveAcked();
  }
}
