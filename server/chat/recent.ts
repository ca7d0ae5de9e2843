import type { Message } from '../../contract/types.ts';
import { type Delivery, deliveryOf } from './delivery.ts';

/** As many as a thousand people who lose their connection together have missed when they are back. */
const KEPT = 512;

/** Changes, and up to which rev their receiver has then seen the room. */
export type Missed = { changes: readonly Delivery[]; upTo: number };

/** A room's messages that changed after a rev, the latest state of each, in rev order. */
type ReadChanges = (afterRev: number, limit: number) => Promise<Message[]>;

/**
 * A room's newest changes, the latest state of each message alone, in rev order: whoever was away for a moment catches
 * up from memory, and a crowd that comes back at once does not queue at the database.
 */
export class Recent {
  readonly #read: ReadChanges;
  #changes = new Map<string, Delivery>();
  /** Every change after this rev is here, unless a later one of the same message has overtaken it. */
  #floor: number;
  #rev: number;
  #reading: Promise<void> | undefined;

  /** @param rev changes up to it are not known here until somebody asks for them. */
  constructor(rev: number, read: ReadChanges) {
    this.#floor = rev;
    this.#rev = rev;
    this.#read = read;
  }

  /** @param change the next one. */
  add(change: Message): Delivery {
    const delivery = deliveryOf(change);
    this.#rev = change.rev;
    // Deleted first: a map keeps a key's first place, and this change comes last.
    this.#changes.delete(change.id);
    this.#changes.set(change.id, delivery);
    this.#forget();
    return delivery;
  }

  /** The next changes after a rev, at most `limit`; undefined if that is further back than is kept. */
  async after(rev: number, limit: number): Promise<Missed | undefined> {
    if (rev < this.#rev - KEPT) return undefined;
    if (rev < this.#floor) await this.#readBack();
    if (rev < this.#floor) return undefined;
    const isNews = ({ cursor }: Delivery) => cursor > rev;
    const changes = this.#changes.values().filter(isNews).take(limit).toArray();
    // There may be none: a change is left out that was overtaken by one which the feed has not heard of yet.
    const last = changes.length === limit ? changes.at(-1) : undefined;
    return { changes, upTo: last?.cursor ?? this.#rev };
  }

  /** Reads what came before its time, once for all who ask meanwhile. */
  #readBack(): Promise<void> {
    this.#reading ??= this.#readFrom(Math.max(0, this.#rev - KEPT)).finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readFrom(rev: number): Promise<void> {
    const older = await this.#read(rev, KEPT);
    const newer = this.#changes;
    // What has changed meanwhile has come by the feed, in a later state.
    const missing = older.filter((message) => message.rev <= this.#floor && !newer.has(message.id));
    this.#changes = new Map([
      ...missing.map((message) => [message.id, deliveryOf(message)] as const),
      ...newer,
    ]);
    this.#floor = Math.min(this.#floor, rev);
    this.#forget();
  }

  #forget(): void {
    for (const [oldestId, { cursor }] of this.#changes) {
      if (this.#changes.size <= KEPT) return;
      this.#changes.delete(oldestId);
      this.#floor = cursor;
    }
  }
}
