import type { AudioChunk } from '../transcriber.ts';

/**
 * Audio as an engine draws it, chunk by chunk, and a witness of how it was treated. With `hangs` there is no end to
 * it: after the last chunk `next()` stays pending, and `return()` is not answered either, as with a generator that
 * waits for a microphone.
 */
export class AudioSource implements AsyncIterable<AudioChunk> {
  /** How many chunks were drawn, how many iterators were taken, and whether one was let go. */
  drawn = 0;
  iterators = 0;
  returned = false;
  readonly #chunks: AudioChunk[];
  readonly #hangs: boolean;

  constructor(chunks: AudioChunk[], { hangs = false } = {}) {
    this.#chunks = chunks;
    this.#hangs = hangs;
  }

  [Symbol.asyncIterator](): AsyncIterator<AudioChunk, undefined, undefined> {
    this.iterators += 1;
    return {
      next: () => this.#next(),
      return: () => {
        this.returned = true;
        return this.#hangs ? new Promise(() => {}) : Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  async #next(): Promise<IteratorResult<AudioChunk, undefined>> {
    // A turn of the event loop for each chunk: a source that never yields to it would starve the engine.
    await new Promise(setImmediate);
    const value = this.#chunks[this.drawn];
    if (value) {
      this.drawn += 1;
      return { done: false, value };
    }
    return this.#hangs ? new Promise(() => {}) : { done: true, value: undefined };
  }
}
