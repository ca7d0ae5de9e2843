import type { Answer } from './unread.ts';

/** The one who wants something done: a person at an address, or nobody in particular there. */
export type Caller = {
  /** @see networkOf */
  address: string;
  /** A user id; null for a caller who has not said who it is. */
  userId: string | null;
  /** The answer that the caller waits for; left out for what is no answer to a request. */
  answer?: Answer | undefined;
};

/** The name under which something is counted for a caller. */
export function personOf({ userId, address }: Caller): string {
  return userId ?? address;
}

/** How many tasks each may have. */
export type Bounds = { perPerson: number; perAddress: number; total: number };

/** Counts tasks by person and by address. A key with no task takes no memory. */
export class Tally {
  total = 0;
  readonly #people = new Map<string, number>();
  readonly #addresses = new Map<string, number>();

  /** Whether one more task of the caller stays within the bounds. */
  hasRoom({ userId, address }: Caller, bounds: Bounds): boolean {
    return (
      this.total < bounds.total &&
      this.at(address) < bounds.perAddress &&
      (userId === null || (this.#people.get(userId) ?? 0) < bounds.perPerson)
    );
  }

  /** How many tasks the people of an address have. */
  at(address: string): number {
    return this.#addresses.get(address) ?? 0;
  }

  add({ userId, address }: Caller, change: 1 | -1): void {
    this.total += change;
    count(this.#addresses, address, change);
    if (userId !== null) count(this.#people, userId, change);
  }
}

function count(counts: Map<string, number>, key: string, change: 1 | -1): void {
  const next = (counts.get(key) ?? 0) + change;
  if (next === 0) counts.delete(key);
  else counts.set(key, next);
}
