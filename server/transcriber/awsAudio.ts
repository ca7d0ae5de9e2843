import type { AudioStream } from '@aws-sdk/client-transcribe-streaming';
import type { AudioChunk } from './transcriber.ts';

export type AudioListener = {
  /** The SDK waits for the first chunk. */
  onWait: () => void;
  /** The first chunk has come. */
  onStart: () => void;
  /** The source failed. */
  onError: (error: unknown) => void;
};

/**
 * The audio as the SDK draws it. The SDK must not hold the only iterator: after a failure it goes on drawing for
 * seconds, then leaves the iterator hanging for ever, and what the source throws it swallows. This one can be ended
 * from outside, even while the source is waiting, and remembers what became of the source.
 */
export class AwsAudio implements AsyncIterableIterator<AudioStream, undefined, undefined> {
  /** Whether the source came to its end by itself. */
  ended = false;
  readonly #source: AsyncIterator<AudioChunk>;
  readonly #listener: AudioListener;
  #started = false;
  #stopped = false;
  #release = () => {};

  constructor(source: AsyncIterable<AudioChunk>, listener: AudioListener) {
    this.#source = source[Symbol.asyncIterator]();
    this.#listener = listener;
  }

  next(): Promise<IteratorResult<AudioStream, undefined>> {
    return new Promise((resolve) => {
      this.#release = () => resolve({ done: true, value: undefined });
      if (this.#stopped) return this.#release();
      if (!this.#started) this.#listener.onWait();
      this.#draw().then(resolve, this.#listener.onError);
    });
  }

  /** Ends the iteration and lets the source go, once. It is not waited for: a source that hangs may not answer. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#release();
    this.#source.return?.().then(undefined, () => {});
  }

  async return(): Promise<IteratorResult<AudioStream, undefined>> {
    this.stop();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #draw(): Promise<IteratorResult<AudioStream, undefined>> {
    for (;;) {
      const { done, value } = await this.#source.next();
      if (done) {
        this.ended = true;
        return { done: true, value: undefined };
      }
      // An empty audio event would end the stream.
      if (value.length === 0) continue;
      if (!this.#started) this.#listener.onStart();
      this.#started = true;
      return { done: false, value: { AudioEvent: { AudioChunk: value } } };
    }
  }
}
