import type { Message } from '../../contract/types.ts';
import type { Failure } from '../sdk/errors.ts';
import { randomId } from './randomId.ts';

/** A message that is not in the timeline yet. With a `failure`, the author must resend or discard it. */
export type Pending = {
  clientId: string;
  text: string;
  /** The position among the messages of this outbox. */
  order: number;
  failure: Failure | null;
};

export type OutboxOptions = {
  /** Keeps unsent messages over a reload; `localStorage` in the browser. */
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;
  /** Identifies the outbox: one per person and room. */
  name: string;
  /** Must settle: a call that could hang needs its own timeout. */
  send: (pending: Pending) => Promise<Message>;
  describe: (error: unknown) => Failure;
  onChange: (pending: Pending[]) => void;
  onSent: (message: Message) => void;
};

const RETRY_MS = [500, 1_000, 2_000, 5_000, 10_000];

/**
 * Sends messages one after the other, in the order in which they were written, and keeps each until the server has it.
 * Sending one twice is harmless, because its `clientId` stays the same. A retryable failure is retried without end. A
 * refused message waits for its author.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #stored: StoredItems;
  #items: Pending[];
  #running = false;
  #closed = false;
  #attempt = 0;
  #endPause: (() => void) | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#stored = new StoredItems(options.storage, `roomscribe.outbox.${options.name}.`);
    this.#items = this.#stored.all();
    options.onChange(this.#items);
    void this.#run();
  }

  add(text: string): void {
    const order = (this.#items.at(-1)?.order ?? 0) + 1;
    this.#put({ clientId: randomId(), text, order, failure: null });
    void this.#run();
  }

  resend(clientId: string): void {
    const pending = this.#items.find((item) => item.clientId === clientId);
    if (!pending) return;
    this.#put({ ...pending, failure: null });
    void this.#run();
  }

  discard(clientId: string): void {
    this.#stored.remove(clientId);
    this.#change(this.#items.filter((item) => item.clientId !== clientId));
  }

  /** Ends the pause before the next attempt, e.g. because the connection is back. */
  retryNow(): void {
    this.#attempt = 0;
    this.#endPause?.();
  }

  /** Sends nothing more. Unsent messages are sent when the room is opened again. */
  close(): void {
    this.#closed = true;
    this.#endPause?.();
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for (let next = this.#next(); next && !this.#closed; next = this.#next()) await this.#sendItem(next);
    this.#running = false;
  }

  #next(): Pending | undefined {
    return this.#items.find((item) => !item.failure);
  }

  async #sendItem(pending: Pending): Promise<void> {
    const { send, describe, onSent } = this.#options;
    try {
      const message = await send(pending);
      if (this.#closed) return;
      this.#attempt = 0;
      onSent(message);
      this.discard(pending.clientId);
    } catch (error) {
      if (this.#closed) return;
      const failure = describe(error);
      if (failure.retryable) return this.#pause(failure.retryAfterMs);
      // The author may have discarded the message in the meantime.
      if (this.#items.includes(pending)) this.#put({ ...pending, failure });
    }
  }

  #pause(ms = RETRY_MS[Math.min(this.#attempt, RETRY_MS.length - 1)]): Promise<void> {
    this.#attempt += 1;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#endPause = () => {
      clearTimeout(timer);
      resolve();
    };
    return promise;
  }

  /** Adds an item, or replaces the item with the same `clientId`. */
  #put(pending: Pending): void {
    this.#stored.put(pending);
    const known = this.#items.some(({ clientId }) => clientId === pending.clientId);
    this.#change(
      known
        ? this.#items.map((item) => (item.clientId === pending.clientId ? pending : item))
        : [...this.#items, pending],
    );
  }

  #change(items: Pending[]): void {
    this.#items = items;
    this.#options.onChange(items);
  }
}

/** Each item has its own storage key, so that two tabs of one person do not overwrite each other. */
class StoredItems {
  readonly #storage: OutboxOptions['storage'];
  readonly #prefix: string;

  constructor(storage: OutboxOptions['storage'], prefix: string) {
    this.#storage = storage;
    this.#prefix = prefix;
  }

  all(): Pending[] {
    const keys = Array.from({ length: this.#storage.length }, (_, i) => this.#storage.key(i) ?? '');
    return keys
      .filter((key) => key.startsWith(this.#prefix))
      .flatMap((key) => this.#read(key))
      .sort((a, b) => a.order - b.order);
  }

  put(pending: Pending): void {
    try {
      this.#storage.setItem(this.#prefix + pending.clientId, JSON.stringify(pending));
    } catch {
      // The storage is full. The message is still sent, but a reload would lose it.
    }
  }

  remove(clientId: string): void {
    this.#storage.removeItem(this.#prefix + clientId);
  }

  /** A damaged entry is removed, so that it does not keep the room from opening. */
  #read(key: string): Pending[] {
    try {
      const { clientId, text, order, failure } = JSON.parse(this.#storage.getItem(key) ?? '') as Pending;
      if (typeof clientId === 'string' && typeof text === 'string')
        return [{ clientId, text, order, failure }];
    } catch {
      // The entry is removed below.
    }
    this.#storage.removeItem(key);
    return [];
  }
}
