import type { OnlineRecognizer, OnlineStream } from 'sherpa-onnx-node';

/**
 * Shares the process among its streams: in each turn every stream that has audio enough takes one step, all in one call.
 * The weights of the model are then read once for all of them. Between turns messages come in.
 */
export class SherpaBatches {
  readonly #recognizer: OnlineRecognizer;
  #waiting = new Map<OnlineStream, PromiseWithResolvers<void>>();

  constructor(recognizer: OnlineRecognizer) {
    this.#recognizer = recognizer;
  }

  /** Decodes the next stretch of a stream that is ready. */
  decode(stream: OnlineStream): Promise<void> {
    if (this.#waiting.size === 0) setImmediate(() => this.#take());
    const turn = Promise.withResolvers<void>();
    this.#waiting.set(stream, turn);
    return turn.promise;
  }

  #take(): void {
    const turns = this.#waiting;
    this.#waiting = new Map();
    try {
      this.#recognizer.decodeStreams([...turns.keys()]);
      for (const { resolve } of turns.values()) resolve();
    } catch (error) {
      for (const { reject } of turns.values()) reject(error);
    }
  }
}
