import type { OnlineRecognizer, OnlineStream } from 'sherpa-onnx-node';

/**
 * Decodes all streams that have enough audio in one batch: one step each, in one native call. The library then reads
 * the weights of the model once for all of them. The process handles messages between two batches.
 */
export class SherpaBatches {
  readonly #recognizer: OnlineRecognizer;
  #waiting = new Map<OnlineStream, PromiseWithResolvers<void>>();

  constructor(recognizer: OnlineRecognizer) {
    this.#recognizer = recognizer;
  }

  /** Decodes one step of a stream that is ready, with the next batch. */
  decode(stream: OnlineStream): Promise<void> {
    if (this.#waiting.size === 0) setImmediate(() => this.#runBatch());
    const step = Promise.withResolvers<void>();
    this.#waiting.set(stream, step);
    return step.promise;
  }

  #runBatch(): void {
    const batch = this.#waiting;
    this.#waiting = new Map();
    try {
      this.#recognizer.decodeStreams([...batch.keys()]);
      for (const { resolve } of batch.values()) resolve();
    } catch (error) {
      for (const { reject } of batch.values()) reject(error);
    }
  }
}
