import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../contract/errors.ts';
import type { Utterance } from '../../contract/types.ts';
import type { Writer } from '../chat/writer.ts';
import type { Log } from '../log.ts';
import { toMessage } from './utterances.ts';

const RETRY_MS = [250, 500, 1_000, 2_000, 5_000];
/** Backpressure: while this many utterances wait for the database, the stream recognises nothing more. */
const MAX_WAITING = 100;

export type UtteranceWriterParts = { writer: Pick<Writer, 'write'>; log: Log };

/**
 * Saves the finished utterances of one stream, one after the other. While the database is away it retries, and
 * recognition goes on. It gives up an utterance only if the database refuses it, or after `abort`.
 */
export class UtteranceWriter {
  readonly #parts: UtteranceWriterParts;
  readonly #onDone: (utterance: Utterance) => void;
  readonly #aborter = new AbortController();
  #lastSave: Promise<void> = Promise.resolve();
  #waiting = 0;
  #savedCount = 0;

  /** @param onDone called for each utterance, in order: with its `seq` if it was saved, with null if it was given up. */
  constructor(parts: UtteranceWriterParts, onDone: (utterance: Utterance) => void) {
    this.#parts = parts;
    this.#onDone = onDone;
  }

  /** How many utterances were saved, without gaps. */
  get savedCount(): number {
    return this.#savedCount;
  }

  /** Queues an utterance. Resolves at once; or, if the queue is full, when this utterance is saved or given up. */
  async add(utterance: Utterance): Promise<void> {
    this.#waiting += 1;
    this.#lastSave = this.#lastSave.then(async () => {
      const seq = await this.#save(utterance);
      this.#waiting -= 1;
      this.#onDone({ ...utterance, seq });
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

  async #save(utterance: Utterance): Promise<number | null> {
    const { signal } = this.#aborter;
    for (let attempt = 0; ; attempt += 1) {
      try {
        const { seq } = await this.#parts.writer.write({ type: 'append', message: toMessage(utterance) });
        if (!utterance.gap) this.#savedCount += 1;
        return seq;
      } catch (error) {
        this.#parts.log.error({ err: error, streamId: utterance.streamId }, 'could not save an utterance');
        if (!(error instanceof AppError && error.retryable) || signal.aborted) return null;
        await sleep(RETRY_MS[attempt] ?? RETRY_MS.at(-1), undefined, { signal }).catch(() => {});
      }
    }
  }
}
