import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../contract/errors.ts';
import type { Utterance } from '../../contract/types.ts';
import type { Writer } from '../chat/writer.ts';
import type { Log } from '../log.ts';
import { toMessage } from './utterances.ts';

const RETRY_MS = [250, 500, 1_000, 2_000, 5_000];
/** Utterances that wait for the database before nothing more is heard. */
const WAITING = 100;

export type UtteranceWriterParts = { writer: Pick<Writer, 'write'>; log: Log };

/**
 * Keeps a stream's finished utterances, one after the other. A database that is away is waited for, while people are
 * heard on; nothing is thrown away.
 */
export class UtteranceWriter {
  readonly #parts: UtteranceWriterParts;
  readonly #onKept: (utterance: Utterance) => void;
  readonly #giveUp = new AbortController();
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  #kept = 0;

  /** @param onKept told in order, with the utterance's place in the timeline; or with none, if it was refused. */
  constructor(parts: UtteranceWriterParts, onKept: (utterance: Utterance) => void) {
    this.#parts = parts;
    this.#onKept = onKept;
  }

  /** How many utterances were kept, gaps not counted. */
  get kept(): number {
    return this.#kept;
  }

  /** Resolves at once, or when there is room for more. */
  async add(utterance: Utterance): Promise<void> {
    this.#waiting += 1;
    this.#last = this.#last.then(async () => {
      const seq = await this.#keep(utterance);
      this.#waiting -= 1;
      this.#onKept({ ...utterance, seq });
    });
    if (this.#waiting >= WAITING) await this.#last;
  }

  /** Resolves when all that was added is kept, or given up. */
  async settled(): Promise<void> {
    await this.#last;
  }

  /** Waits for the database no more. */
  abort(): void {
    this.#giveUp.abort();
  }

  async #keep(utterance: Utterance): Promise<number | null> {
    const { signal } = this.#giveUp;
    for (let attempt = 0; ; attempt += 1) {
      try {
        const { seq } = await this.#parts.writer.write({ type: 'append', message: toMessage(utterance) });
        if (!utterance.gap) this.#kept += 1;
        return seq;
      } catch (error) {
        this.#parts.log.error({ err: error, streamId: utterance.streamId }, 'could not keep an utterance');
        if (!(error instanceof AppError && error.retryable) || signal.aborted) return null;
        await sleep(RETRY_MS[attempt] ?? RETRY_MS.at(-1), undefined, { signal }).catch(() => {});
      }
    }
  }
}
