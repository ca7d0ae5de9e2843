import type { AudioStream } from '@aws-sdk/client-transcribe-streaming';
import type { AudioChunk } from '../transcriber.ts';

/** `idle`: nobody has drawn yet. `waiting`: somebody waits for the first chunk. `ended`: the source came to its end. */
export type AudioState = 'idle' | 'waiting' | 'flowing' | 'ended';

export type AudioListener = {
  onChange: () => void;
  /** The source failed. */
  onError: (error: unknown) => void;
};

/**
 * The audio as the SDK draws it. The SDK must not hold the only iterator: after a failure it goes on drawing for
 * seconds, then leaves the iterator hanging for ever, and what the source throws it swallows. This one can be ended
 * from outside, even while the source is waiting, and remembers what became of the source.
 */
export class AwsAudio implements AsyncIterableIterator<AudioStream, undefined, undefined> {
  readonly #source: AsyncIterator<AudioChunk>;
  readonly #listener: AudioListener;
  #state: AudioState = 'idle';
  #stopped = false;
  #release = () => {};

  constructor(source: AsyncIterable<AudioChunk>, listener: AudioListener) {
    this.#source = source[Symbol.asyncIterator]();
    this.#listener = listener;
  }

  get state(): AudioState {
    return this.#state;
  }

  next(): Promise<IteratorResult<AudioStream, undefined>> {
    return new Promise((resolve) => {
      this.#release = () => resolve({ done: true, value: undefined });
      if (this.#stopped || this.#state === 'ended') return this.#release();
      if (this.#state === 'idle') this.#change('waiting');
      this.#draw().then(resolve, this.#listener.onError);
    });
  }

  /** Ends the iteration and lets the source go, once. It is not waited for: a source that hangs may not answer. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#release();
    // Also a `return` that throws at once must not get into the way of what is torn down next.
    (async () => this.#source.return?.())().then(undefined, () => {});
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
        this.#change('ended');
        return { done: true, value: undefined };
      }
      // An empty audio event would end the stream.
      if (value.length === 0) continue;
      this.#change('flowing');
      return { done: false, value: { AudioEvent: { AudioChunk: value } } };
    }
  }

  #change(state: AudioState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#listener.onChange();
  }
}
