import type { Turns } from './turns.ts';

export type Receiver<T> = {
  /** @param items in order. All receivers get the same array; nobody may change it. Must not throw. */
  receive: (items: readonly T[]) => void;
};

/** How many receivers one piece of work serves. */
const RECEIVERS = 128;
/** How many items one batch holds at most. */
const ITEMS = 64;

/**
 * Sends items to many receivers. Items that are pushed in one tick, or while the batch before is still being sent, go
 * to each receiver as one batch: one call, and one write where the receiver is a socket.
 */
export class Fanout<T> {
  readonly #turns: Turns;
  /** Each receiver, with the number of items that had been pushed when it joined. */
  readonly #receivers = new Map<Receiver<T>, number>();
  #pushed = 0;
  #pending: T[] = [];
  #batch: readonly T[] = [];
  /** The receivers that have not had the current batch yet. */
  #remaining: Iterator<[Receiver<T>, number]> | undefined;

  constructor(turns: Turns) {
    this.#turns = turns;
  }

  /** The receiver gets the items that are pushed from now on. */
  join(receiver: Receiver<T>): void {
    this.#receivers.set(receiver, this.#pushed);
  }

  /** The receiver gets nothing more. */
  leave(receiver: Receiver<T>): void {
    this.#receivers.delete(receiver);
  }

  push(item: T): void {
    this.#pending.push(item);
    this.#pushed += 1;
    this.#turns.schedule(this.#sendPiece);
  }

  readonly #sendPiece = (): boolean => {
    const remaining = this.#remaining ?? this.#nextBatch();
    const batchStart = this.#pushed - this.#pending.length - this.#batch.length;
    for (let served = 0; served < RECEIVERS; served += 1) {
      const { done, value } = remaining.next();
      if (done) {
        this.#remaining = undefined;
        // A quiet room must not keep the last frames that were made for it.
        this.#batch = [];
        return this.#pending.length > 0;
      }
      const [receiver, joinedAt] = value;
      if (joinedAt <= batchStart) receiver.receive(this.#batch);
      else if (joinedAt < batchStart + this.#batch.length) {
        receiver.receive(this.#batch.slice(joinedAt - batchStart));
      }
    }
    this.#remaining = remaining;
    return true;
  };

  #nextBatch(): Iterator<[Receiver<T>, number]> {
    this.#batch = this.#pending.splice(0, ITEMS);
    // A map's iterator skips receivers that leave meanwhile, and also reaches those that join.
    return this.#receivers.entries();
  }
}
