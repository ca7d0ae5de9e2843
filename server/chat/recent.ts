import type { Message } from '../../contract/types.ts';
import { type Delivery, deliveryOf } from './delivery.ts';

/** A crowd of a thousand that loses its connection together misses about this many changes before it is back. */
const CAPACITY = 512;

/** Changes, and the rev up to which their receiver has then seen the room. */
export type ReplayPage = { changes: readonly Delivery[]; upTo: number };

/** Reads a room's messages that changed after a rev: the latest state of each, in rev order. */
type ReadChanges = (afterRev: number, limit: number) => Promise<Message[]>;

/**
 * The newest changes of a room in memory: only the latest state of each message, in rev order. A subscriber that was
 * away for a moment gets its replay from here. So a crowd that comes back at once does not queue at the database.
 */
export class Recent {
  readonly #read: ReadChanges;
  #changes = new Map<string, Delivery>();
  /** Every change after this rev is here, except those that a later change of the same message replaced. */
  #floor: number;
  #rev: number;
  #reading: Promise<void> | undefined;

  /** @param rev the start. Changes up to this rev are read from the store when somebody asks for them. */
  constructor(rev: number, read: ReadChanges) {
    this.#floor = rev;
    this.#rev = rev;
    this.#read = read;
  }

  /** Adds the next change, in rev order. */
  add(change: Message): Delivery {
    const delivery = deliveryOf(change);
    this.#rev = change.rev;
    // A map keeps a key at its first place. Deleting it first moves this change to the end.
    this.#changes.delete(change.id);
    this.#changes.set(change.id, delivery);
    this.#dropOldest();
    return delivery;
  }

  /** The next changes after `rev`, at most `limit`. @returns undefined if they are older than what is kept. */
  async after(rev: number, limit: number): Promise<ReplayPage | undefined> {
    if (rev < this.#rev - CAPACITY) return undefined;
    if (rev < this.#floor) await this.#readBack();
    if (rev < this.#floor) return undefined;
    const isNewer = ({ cursor }: Delivery) => cursor > rev;
    const changes = this.#changes.values().filter(isNewer).take(limit).toArray();
    // The page may be empty: in the store, later changes that the feed has not seen yet have replaced these.
    const last = changes.length === limit ? changes.at(-1) : undefined;
    return { changes, upTo: last?.cursor ?? this.#rev };
  }

  /** Reads older changes from the store. Callers that come meanwhile share the same read. */
  #readBack(): Promise<void> {
    this.#reading ??= this.#readFrom(Math.max(0, this.#rev - CAPACITY)).finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readFrom(rev: number): Promise<void> {
    const older = await this.#read(rev, CAPACITY);
    const newer = this.#changes;
    // A message that changed during the read has come through the feed, in a later state.
    const missing = older.filter((message) => message.rev <= this.#floor && !newer.has(message.id));
    this.#changes = new Map([
      ...missing.map((message) => [message.id, deliveryOf(message)] as const),
      ...newer,
    ]);
    this.#floor = Math.min(this.#floor, rev);
    this.#dropOldest();
  }

  #dropOldest(): void {
    for (const [oldestId, { cursor }] of this.#changes) {
      if (this.#changes.size <= CAPACITY) return;
      this.#changes.delete(oldestId);
      this.#floor = cursor;
    }
  }
}
