import type { Delivery } from './delivery.ts';

/** As many as a thousand people who lose their connection together have missed when they are back. */
const KEPT = 512;

/**
 * A room's newest changes, the latest state of each message alone, in rev order: whoever was away for a moment catches
 * up from memory, and a crowd that comes back at once does not queue at the database.
 */
export class Recent {
  readonly #changes = new Map<string, Delivery>();
  /** Every change after this rev is here, unless a later one of the same message has overtaken it. */
  #floor: number;

  /** @param rev changes up to it are not known here. */
  constructor(rev: number) {
    this.#floor = rev;
  }

  /** @param change of a message, with the next rev. */
  add(messageId: string, change: Delivery): void {
    // Deleted first: a map keeps a key's first place, and this change comes last.
    this.#changes.delete(messageId);
    this.#changes.set(messageId, change);
    if (this.#changes.size <= KEPT) return;
    for (const [oldestId, { cursor }] of this.#changes) {
      this.#changes.delete(oldestId);
      this.#floor = cursor;
      break;
    }
  }

  /** The next changes after a rev, at most `limit`; undefined if that is further back than is known here. */
  after(rev: number, limit: number): Delivery[] | undefined {
    if (rev < this.#floor) return undefined;
    return this.#changes
      .values()
      .filter(({ cursor }) => cursor > rev)
      .take(limit)
      .toArray();
  }
}
