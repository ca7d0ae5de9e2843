import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../contract/errors.ts';
import type { AudioPlace, Utterance } from '../../contract/types.ts';
import type { Writer } from '../chat/writer.ts';
import type { Log } from '../log.ts';
import { toMessage } from './utterances.ts';

const RETRY_MS = [250, 500, 1_000, 2_000, 5_000];
/** Backpressure: while this many utterances wait for the database, the stream recognises nothing more. */
const MAX_WAITING = 100;

export type UtteranceWriterParts = { writer: Pick<Writer, 'write'>; log: Log };

/** The start of a stream: nothing of it is saved. */
const START: AudioPlace = { seq: 0, samples: 0 };

/**
 * Saves the finished utterances of one stream, one after the other. While the database is away it retries, and
 * recognition goes on. It gives up an utterance only if the database refuses it, or after `abort`.
 */
export class UtteranceWriter {
  readonly #parts: UtteranceWriterParts;
  readonly #onDone: (utterance: Utterance) => void;
  readonly #onSealed: () => void;
  readonly #aborter = new AbortController();
  #lastSave: Promise<void> = Promise.resolve();
  #waiting = 0;
  #savedCount = 0;
  #savedUntil = START;
  /** Whether an utterance was given up that another process can hear again. */
  #hasGivenUp = false;
  #isSealed = false;

  /**
   * @param onDone called for each utterance, in order: with its `seq` if it was saved, with null if it was given up.
   * @param onSealed the stream was sealed: its speaker goes on in another one. From now on nothing is saved or done.
   */
  constructor(
    parts: UtteranceWriterParts,
    onDone: (utterance: Utterance) => void,
    onSealed: () => void = () => {},
  ) {
    this.#parts = parts;
    this.#onDone = onDone;
    this.#onSealed = onSealed;
  }

  /** How many utterances were saved, without gaps. */
  get savedCount(): number {
    return this.#savedCount;
  }

  /** The place in the stream up to which everything is saved. */
  get savedUntil(): AudioPlace {
    return this.#savedUntil;
  }

  /** Whether no utterance waits to be saved. */
  get isIdle(): boolean {
    return this.#waiting === 0;
  }

  /**
   * Queues an utterance. Resolves at once; or, if the queue is full, when this utterance is saved or given up.
   * @param heardUntil how far the stream is saved once this utterance and those before it are. Left out: the database
   *   keeps nothing of that.
   */
  async add(utterance: Utterance, heardUntil?: AudioPlace): Promise<void> {
    this.#waiting += 1;
    this.#lastSave = this.#lastSave.then(async () => {
      const seq = this.#isSealed ? null : await this.#save(utterance, heardUntil);
      this.#waiting -= 1;
      if (!this.#isSealed) this.#onDone({ ...utterance, seq });
    });
    if (this.#waiting >= MAX_WAITING) await this.#lastSave;
  }

  /** Resolves when all queued utterances are saved or given up. */
  async settled(): Promise<void> {
    await this.#lastSave;
  }

  /** Retries no more. */
  abort(): void {
    this.#aborter.abort();
  }

  async #save(utterance: Utterance, heardUntil: AudioPlace | undefined): Promise<number | null> {
    const { signal } = this.#aborter;
    for (let attempt = 0; ; attempt += 1) {
      try {
        const place = heardUntil && { heardUntil: this.#hasGivenUp ? this.#savedUntil : heardUntil };
        const message = toMessage(utterance);
        const { seq } = await this.#parts.writer.write({ type: 'append', message, ...place });
        this.#savedUntil = place?.heardUntil ?? this.#savedUntil;
        if (!utterance.gap) this.#savedCount += 1;
        return seq;
      } catch (error) {
        if (this.#noteSeal(error)) return null;
        this.#parts.log.error({ err: error, streamId: utterance.streamId }, 'could not save an utterance');
        if (!(error instanceof AppError && error.retryable)) return null;
        if (signal.aborted) {
          this.#hasGivenUp = true;
          return null;
        }
        await sleep(RETRY_MS[attempt] ?? RETRY_MS.at(-1), undefined, { signal }).catch(() => {});
      }
    }
  }

  #noteSeal(error: unknown): boolean {
    if (!(error instanceof AppError && error.reason === 'stream_sealed')) return false;
    this.#isSealed = true;
    this.#onSealed();
    return true;
  }
}
