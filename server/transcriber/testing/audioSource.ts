import type { AudioChunk } from '../transcriber.ts';

/**
 * An audio source for an engine under test. It records how the engine treats it. With `hangs` the audio never ends:
 * after the last chunk `next()` stays pending, and so does `return()`, like a generator that waits for a microphone.
 */
export class AudioSource implements AsyncIterable<AudioChunk> {
  /** How many chunks were read. */
  chunksRead = 0;
  /** How many iterators were made. */
  iterators = 0;
  /** Whether the engine called `return()` on an iterator. */
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
    // Each chunk comes in its own turn of the event loop. A source that never waits would starve the engine.
    await new Promise(setImmediate);
    const value = this.#chunks[this.chunksRead];
    if (value) {
      this.chunksRead += 1;
      return { done: false, value };
    }
    return this.#hangs ? new Promise(() => {}) : { done: true, value: undefined };
  }
}
