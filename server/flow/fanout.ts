import type { Turns } from './turns.ts';

export type Receiver<T> = {
  /** @param items in order; the array is the same one for all receivers, and is not changed. Must not throw. */
  receive: (items: readonly T[]) => void;
};

/** So many receivers are served in one turn … */
const RECEIVERS = 128;
/** … with so many items at most. */
const ITEMS = 64;

/**
 * Hands items to many receivers. What is pushed in one tick, or while the items before are still being handed out, goes
 * to each receiver as one batch: one call, and where the receiver is a socket one write.
 */
export class Fanout<T> {
  readonly #turns: Turns;
  /** With how many items had been pushed when they came. */
  readonly #receivers = new Map<Receiver<T>, number>();
  #pushed = 0;
  #pending: T[] = [];
  #batch: readonly T[] = [];
  /** Who has not had the batch yet. */
  #due: Iterator<[Receiver<T>, number]> | undefined;

  constructor(turns: Turns) {
    this.#turns = turns;
  }

  /** Receives what is pushed from now on. */
  join(receiver: Receiver<T>): void {
    this.#receivers.set(receiver, this.#pushed);
  }

  /** Receives nothing more. */
  leave(receiver: Receiver<T>): void {
    this.#receivers.delete(receiver);
  }

  push(item: T): void {
    this.#pending.push(item);
    this.#pushed += 1;
    this.#turns.ask(this.#turn);
  }

  readonly #turn = (): boolean => {
    const due = this.#due ?? this.#nextBatch();
    const batchAt = this.#pushed - this.#pending.length - this.#batch.length;
    for (let served = 0; served < RECEIVERS; served += 1) {
      const { done, value } = due.next();
      if (done) {
        this.#due = undefined;
        return this.#pending.length > 0;
      }
      const [receiver, since] = value;
      if (since <= batchAt) receiver.receive(this.#batch);
      else if (since < batchAt + this.#batch.length) receiver.receive(this.#batch.slice(since - batchAt));
    }
    this.#due = due;
    return true;
  };

  #nextBatch(): Iterator<[Receiver<T>, number]> {
    this.#batch = this.#pending.splice(0, ITEMS);
    // A map's iterator passes over whoever leaves meanwhile, and comes to whoever joins.
    return this.#receivers.entries();
  }
}
