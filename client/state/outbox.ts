import type { Message } from '../../contract/types.ts';
import type { Failure } from '../sdk/errors.ts';

/** A message that is not in the timeline yet. With a `failure` it waits for its author to decide. */
export type Pending = {
  clientId: string;
  text: string;
  /** Its place among the others of this outbox. */
  order: number;
  failure: Failure | null;
};

export type OutboxParts = {
  /** Where what is not sent survives a reload; `localStorage` in the browser. */
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;
  /** Tells this person's outbox of this room from others. */
  name: string;
  /** Must settle: a call that may hang is given up by its own timeout. */
  send: (pending: Pending) => Promise<Message>;
  describe: (error: unknown) => Failure;
  onChange: (pending: Pending[]) => void;
  onSent: (message: Message) => void;
};

const RETRY_MS = [500, 1_000, 2_000, 5_000, 10_000];

/**
 * Sends one message after the other, in the order they were written, and keeps each under its `clientId` until the
 * server has it; sending the same `clientId` twice is harmless. What fails for now is tried again for ever, what is
 * refused waits for its author.
 */
export class Outbox {
  readonly #parts: OutboxParts;
  readonly #kept: KeptItems;
  #items: Pending[];
  #running = false;
  #closed = false;
  #attempt = 0;
  #endPause: (() => void) | undefined;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
    this.#kept = new KeptItems(parts.storage, `roomscribe.outbox.${parts.name}.`);
    this.#items = this.#kept.all();
    parts.onChange(this.#items);
    void this.#run();
  }

  add(text: string): void {
    const order = (this.#items.at(-1)?.order ?? 0) + 1;
    this.#put({ clientId: crypto.randomUUID(), text, order, failure: null });
    void this.#run();
  }

  resend(clientId: string): void {
    const pending = this.#items.find((item) => item.clientId === clientId);
    if (!pending) return;
    this.#put({ ...pending, failure: null });
    void this.#run();
  }

  discard(clientId: string): void {
    this.#kept.remove(clientId);
    this.#change(this.#items.filter((item) => item.clientId !== clientId));
  }

  /** Tries now what waits for its next try, e.g. because the connection is back. */
  wake(): void {
    this.#attempt = 0;
    this.#endPause?.();
  }

  /** Sends nothing more; what is left is there when the room is opened again. */
  close(): void {
    this.#closed = true;
    this.#endPause?.();
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for (let next = this.#next(); next && !this.#closed; next = this.#next()) await this.#try(next);
    this.#running = false;
  }

  #next(): Pending | undefined {
    return this.#items.find((item) => !item.failure);
  }

  async #try(pending: Pending): Promise<void> {
    const { send, describe, onSent } = this.#parts;
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
      // Its author may have discarded it meanwhile.
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

  /** Adds an item, or puts it in the place of its earlier state. */
  #put(pending: Pending): void {
    this.#kept.put(pending);
    const known = this.#items.some(({ clientId }) => clientId === pending.clientId);
    this.#change(
      known
        ? this.#items.map((item) => (item.clientId === pending.clientId ? pending : item))
        : [...this.#items, pending],
    );
  }

  #change(items: Pending[]): void {
    this.#items = items;
    this.#parts.onChange(items);
  }
}

/** An entry an item: two tabs of one person do not write over each other. */
class KeptItems {
  readonly #storage: OutboxParts['storage'];
  readonly #prefix: string;

  constructor(storage: OutboxParts['storage'], prefix: string) {
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
      // The storage is full: the message is still sent, but would not survive a reload.
    }
  }

  remove(clientId: string): void {
    this.#storage.removeItem(this.#prefix + clientId);
  }

  /** What cannot be read is thrown away: it must not keep the room from opening. */
  #read(key: string): Pending[] {
    try {
      const { clientId, text, order, failure } = JSON.parse(this.#storage.getItem(key) ?? '') as Pending;
      if (typeof clientId === 'string' && typeof text === 'string')
        return [{ clientId, text, order, failure }];
    } catch {
      // Falls through to its removal.
    }
    this.#storage.removeItem(key);
    return [];
  }
}
