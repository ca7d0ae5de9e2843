import { Channel } from '../../flow/channel.ts';
import type { AudioChunk, SpeechOptions, TranscriptEvent } from '../transcriber.ts';
import type { ProcessStream } from './process.ts';
import type { EngineSlot } from './slot.ts';

/** How many chunks may wait for an answer. The engine reads no more audio until one comes (backpressure). */
const MAX_UNANSWERED = 8;

/**
 * One stream of an engine in a child process. Every end of the events (the last final, an abort, a consumer that
 * returns, a fault) runs `#free`, which releases the process and the audio.
 */
export class EngineStream {
  readonly events = new Channel<TranscriptEvent>(() => this.#free());
  readonly #source: AsyncIterator<AudioChunk>;
  readonly #options: SpeechOptions & { signal: AbortSignal };
  readonly #slot: EngineSlot;
  readonly #onFreed: () => void;
  readonly #onAbort = () => void this.events.return();
  #process: ProcessStream | undefined;
  #unanswered = 0;
  #answer: PromiseWithResolvers<void> | undefined;

  constructor(
    source: AsyncIterable<AudioChunk>,
    options: SpeechOptions & { signal: AbortSignal },
    { slot, onFreed }: { slot: EngineSlot; onFreed: () => void },
  ) {
    this.#source = source[Symbol.asyncIterator]();
    this.#options = options;
    this.#slot = slot;
    this.#onFreed = onFreed;
    options.signal.addEventListener('abort', this.#onAbort);
    this.#run().catch((error: unknown) => this.events.fail(error));
  }

  async #run(): Promise<void> {
    const { language, sampleRate } = this.#options;
    const process = await this.#slot.acquire();
    if (this.events.closed) return;
    this.#process = process.open(
      { language, sampleRate },
      {
        onDecoded: (events, ended) => this.#onDecoded(events, ended),
        onError: (error) => this.events.fail(error),
      },
    );
    await this.#feed(this.#process);
  }

  async #feed(process: ProcessStream): Promise<void> {
    for (;;) {
      while (this.#unanswered >= MAX_UNANSWERED && !this.events.closed) await this.#nextAnswer();
      if (this.events.closed) return;
      const { done, value } = await this.#source.next();
      if (this.events.closed) return;
      this.#unanswered += 1;
      process.decode(done ? null : value);
      if (done) return;
    }
  }

  #nextAnswer(): Promise<void> {
    this.#answer = Promise.withResolvers();
    return this.#answer.promise;
  }

  #onDecoded(events: TranscriptEvent[], ended: boolean): void {
    this.#unanswered -= 1;
    this.#answer?.resolve();
    for (const event of events) this.events.push(event);
    if (ended) this.events.end();
  }

  #free(): void {
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    this.#process?.close();
    this.#slot.release();
    this.#answer?.resolve();
    // Do not wait for `return()`: a source that hangs may never answer.
    this.#source.return?.().then(undefined, () => {});
    this.#onFreed();
  }
}
