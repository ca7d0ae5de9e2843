import type { AudioStream } from '@aws-sdk/client-transcribe-streaming';
import type { AudioChunk } from '../transcriber.ts';

/** `idle`: the SDK has not asked yet. `waiting`: it waits for the first chunk. `ended`: the source is at its end. */
type AudioState = 'idle' | 'waiting' | 'flowing' | 'ended';

type AudioListener = {
  onChange: () => void;
  /** The source failed. */
  onError: (error: unknown) => void;
};

/**
 * The audio, as the SDK reads it. The SDK must not get the only iterator: after a failure it reads on for seconds, then
 * leaves the iterator hanging for ever, and it swallows the errors of the source. This iterator can be stopped from
 * outside, even while it waits for the source, and it reports the end or the error of the source.
 */
export class AwsAudio implements AsyncIterableIterator<AudioStream, undefined, undefined> {
  readonly #source: AsyncIterator<AudioChunk>;
  readonly #listener: AudioListener;
  #state: AudioState = 'idle';
  #stopped = false;
  #endPendingRead = () => {};

  constructor(source: AsyncIterable<AudioChunk>, listener: AudioListener) {
    this.#source = source[Symbol.asyncIterator]();
    this.#listener = listener;
  }

  get state(): AudioState {
    return this.#state;
  }

  next(): Promise<IteratorResult<AudioStream, undefined>> {
    return new Promise((resolve) => {
      this.#endPendingRead = () => resolve({ done: true, value: undefined });
      if (this.#stopped || this.#state === 'ended') return this.#endPendingRead();
      if (this.#state === 'idle') this.#setState('waiting');
      this.#read().then(resolve, this.#listener.onError);
    });
  }

  /** Ends the iteration and releases the source, once. It does not wait: a source that hangs may never answer. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#endPendingRead();
    // The async wrapper also catches a `return()` that throws at once. It must not stop the rest of the teardown.
    (async () => this.#source.return?.())().then(undefined, () => {});
  }

  async return(): Promise<IteratorResult<AudioStream, undefined>> {
    this.stop();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #read(): Promise<IteratorResult<AudioStream, undefined>> {
    for (;;) {
      const { done, value } = await this.#source.next();
      if (done) {
        this.#setState('ended');
        return { done: true, value: undefined };
      }
      // An empty audio event would end the stream.
      if (value.length === 0) continue;
      this.#setState('flowing');
      return { done: false, value: { AudioEvent: { AudioChunk: value } } };
    }
  }

  #setState(state: AudioState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#listener.onChange();
  }
}
