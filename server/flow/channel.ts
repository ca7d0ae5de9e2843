/**
 * A queue between one producer and one consumer. The consumer iterates over the pushed items in order. A channel
 * attaches no listener and starts no timer, so a channel that nobody reads is garbage-collected. `onReturn` runs once,
 * when the consumer leaves or the channel is closed, even if the iteration never began.
 */
export class Channel<T> implements AsyncIterableIterator<T, undefined, undefined> {
  readonly #items: T[] = [];
  readonly #onReturn: () => void;
  #waiting: PromiseWithResolvers<IteratorResult<T, undefined>> | undefined;
  #closed = false;
  #failure: { error: unknown } | undefined;

  constructor(onReturn: () => void = () => {}) {
    this.#onReturn = onReturn;
  }

  /** How many items wait to be read. */
  get length(): number {
    return this.#items.length;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Adds an item. Does nothing once the channel is closed. */
  push(item: T): void {
    if (this.#closed) return;
    if (!this.#waiting) {
      this.#items.push(item);
      return;
    }
    this.#waiting.resolve({ done: false, value: item });
    this.#waiting = undefined;
  }

  /** Takes the next item out of turn, if one waits. */
  take(): T | undefined {
    return this.#items.shift();
  }

  /** Drops all items that wait to be read. */
  clear(): void {
    this.#items.length = 0;
  }

  /** Drops the waiting items that match. */
  drop(matches: (item: T) => boolean): void {
    for (let i = this.#items.length - 1; i >= 0; i -= 1) {
      if (matches(this.#items[i] as T)) this.#items.splice(i, 1);
    }
  }

  /** Closes the channel. The iteration ends after the items that wait. */
  end(): void {
    this.#close();
  }

  /** Closes the channel. The iteration throws the error after the items that wait. */
  fail(error: unknown): void {
    if (!this.#closed) this.#failure = { error };
    this.#close();
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    const item = this.#items.shift();
    if (item !== undefined) return { done: false, value: item };
    if (this.#failure) {
      const { error } = this.#failure;
      this.#failure = undefined;
      throw error;
    }
    if (this.#closed) return { done: true, value: undefined };
    this.#waiting ??= Promise.withResolvers();
    return this.#waiting.promise;
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#items.length = 0;
    this.#failure = undefined;
    this.#close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting && this.#failure) {
      waiting.reject(this.#failure.error);
      this.#failure = undefined;
    } else {
      waiting?.resolve({ done: true, value: undefined });
    }
    this.#onReturn();
  }
}
