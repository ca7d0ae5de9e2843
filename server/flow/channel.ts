/**
 * One producer, one consumer: what is pushed comes out of the iteration in order. It attaches no listener and starts
 * no timer, so a channel that nobody reads is simply collected. `onReturn` runs once when the consumer leaves or the
 * channel is closed, whichever comes first, even if the iteration never began.
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

  /** Adds an item; does nothing after the end. */
  push(item: T): void {
    if (this.#closed) return;
    if (!this.#waiting) {
      this.#items.push(item);
      return;
    }
    this.#waiting.resolve({ done: false, value: item });
    this.#waiting = undefined;
  }

  /** Forgets what has been pushed and not been read. */
  clear(): void {
    this.#items.length = 0;
  }

  /** Forgets those that wait to be read and have become pointless. */
  drop(isPointless: (item: T) => boolean): void {
    for (let i = this.#items.length - 1; i >= 0; i -= 1) {
      if (isPointless(this.#items[i] as T)) this.#items.splice(i, 1);
    }
  }

  /** Ends the iteration after what has been pushed. */
  end(): void {
    this.#close();
  }

  /** Ends the iteration with an error after what has been pushed. */
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
