import { Channel } from '../../flow/channel.ts';
import type { AudioChunk, SpeechOptions, TranscriptEvent } from '../transcriber.ts';
import type { ProcessStream } from './process.ts';
import type { EngineSlot } from './slot.ts';

/** Chunks under way to the process; the rest waits where it comes from. */
const MAX_UNANSWERED = 8;

/**
 * One stream of an engine that hears in a child process. Whatever ends the events (the last final, an abort, a consumer
 * that leaves, a fault) runs `#free`, which leaves the process and lets the audio go.
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
  #room: PromiseWithResolvers<void> | undefined;

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
    const process = await this.#slot.enter();
    if (this.events.closed) return;
    this.#process = process.open(
      { language, sampleRate },
      {
        heard: (events, ended) => this.#hear(events, ended),
        failed: (error) => this.events.fail(error),
      },
    );
    await this.#feed(this.#process);
  }

  async #feed(process: ProcessStream): Promise<void> {
    for (;;) {
      while (this.#unanswered >= MAX_UNANSWERED && !this.events.closed) await this.#wait();
      if (this.events.closed) return;
      const { done, value } = await this.#source.next();
      if (this.events.closed) return;
      this.#unanswered += 1;
      process.hear(done ? null : value);
      if (done) return;
    }
  }

  #wait(): Promise<void> {
    this.#room = Promise.withResolvers();
    return this.#room.promise;
  }

  #hear(events: TranscriptEvent[], ended: boolean): void {
    this.#unanswered -= 1;
    this.#room?.resolve();
    for (const event of events) this.events.push(event);
    if (ended) this.events.end();
  }

  #free(): void {
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    this.#process?.close();
    this.#slot.leave();
    this.#room?.resolve();
    // Not waited for: a source that hangs may never answer.
    this.#source.return?.().then(undefined, () => {});
    this.#onFreed();
  }
}
