import { LIMITS } from '../../contract/limits.ts';
import type { UserRef } from '../../contract/types.ts';
import { LIVENESS } from '../bus/bus.ts';

export type PresenceParts = {
  /** Sends the users of this process to the other processes. It sends all of them each time, so a lost list heals. */
  announce: (users: UserRef[]) => void;
  /** Sends the subscribers of the room who came or left, and how many users are here in total. */
  emit: (change: 'came' | 'left', users: UserRef[], total: number) => void;
};

/** Arrivals and departures within this time go out together, because a crowd often comes at once. */
const BATCH_MS = 100;
/** A user who comes back within this time was never shown as gone: a page reloads, a train passes a tunnel. */
const GRACE_MS = 3_000;
/** How often the grace of absent users is checked. */
const CHECK_MS = 500;

type RemoteProcess = { users: Map<string, UserRef>; receivedAt: number };

/**
 * The users in one room, over all processes. A user with several windows, in this process or in others, counts once.
 *
 * Subscribers get only the difference between the users they know of and the users who are here. Only the first
 * `LIMITS.presenceNames` users of a crowd are named: naming everybody to everybody would send millions of names. All
 * times come from `performance.now()`, which never jumps.
 */
export class Presence {
  readonly #parts: PresenceParts;
  /** The users of this process, by user id, each with the number of windows. */
  readonly #local = new Map<string, { user: UserRef; windows: number }>();
  readonly #remote = new Map<string, RemoteProcess>();
  /** The users whom the subscribers know to be here, by user id. */
  readonly #shown = new Map<string, UserRef>();
  /** Shown users who are not here now, by user id, with the time since when. */
  readonly #absentSince = new Map<string, number>();
  #shownList: UserRef[] = [];
  #total = 0;
  #announceTimer: NodeJS.Timeout | undefined;
  #emitTimer: NodeJS.Timeout | undefined;
  #checkTimer: NodeJS.Timeout | undefined;

  constructor(parts: PresenceParts) {
    this.#parts = parts;
  }

  /** The users whom the subscribers know to be here. It is the same array until the next change is emitted to all. */
  get shown(): UserRef[] {
    return this.#shownList;
  }

  /** How many users are here, as it was emitted last. */
  get total(): number {
    return this.#total;
  }

  arrive(user: UserRef): void {
    const known = this.#local.get(user.id);
    this.#local.set(user.id, { user, windows: (known?.windows ?? 0) + 1 });
    if (!known) this.#onLocalChange();
  }

  depart(user: UserRef): void {
    const known = this.#local.get(user.id);
    if (!known) return;
    known.windows -= 1;
    if (known.windows > 0) return;
    this.#local.delete(user.id);
    this.#onLocalChange();
  }

  /** These users will not come back: they are shown as gone without a grace. */
  dismiss(userIds: Iterable<string>): void {
    for (const userId of userIds) this.#absentSince.set(userId, Number.NEGATIVE_INFINITY);
    this.#emitSoon();
  }

  /** Replaces the list of users who are here through another process. */
  setRemote(process: string, users: UserRef[]): void {
    if (users.length === 0) this.#remote.delete(process);
    else {
      const byId = new Map(users.map((user) => [user.id, user]));
      this.#remote.set(process, { users: byId, receivedAt: performance.now() });
    }
    this.#emitSoon();
  }

  /** Announces the users of this process again. */
  announce(): void {
    if (this.#local.size > 0) this.#announce();
  }

  /** Removes the users of dead processes. */
  dropLost(): void {
    for (const [process, { users, receivedAt }] of this.#remote) {
      if (performance.now() - receivedAt <= LIVENESS.expiryMs) continue;
      this.setRemote(process, []);
      this.dismiss(users.keys());
    }
  }

  /** Withdraws the users of this process, because this process stops. */
  withdraw(): void {
    clearTimeout(this.#announceTimer);
    clearTimeout(this.#emitTimer);
    clearTimeout(this.#checkTimer);
    this.#parts.announce([]);
  }

  /** All users who are here now, by user id. */
  #present(): Map<string, UserRef> {
    const present = new Map<string, UserRef>();
    for (const { users } of this.#remote.values()) for (const [id, user] of users) present.set(id, user);
    for (const [id, { user }] of this.#local) present.set(id, user);
    return present;
  }

  #onLocalChange(): void {
    this.#emitSoon();
    this.#announceTimer ??= setTimeout(() => this.#announce(), BATCH_MS).unref();
  }

  #announce(): void {
    clearTimeout(this.#announceTimer);
    this.#announceTimer = undefined;
    this.#parts.announce([...this.#local.values()].map(({ user }) => user));
  }

  #emitSoon(): void {
    this.#emitTimer ??= setTimeout(() => this.#emitChanges(), BATCH_MS).unref();
  }

  #emitChanges(): void {
    clearTimeout(this.#emitTimer);
    this.#emitTimer = undefined;
    const present = this.#present();
    const left = this.#takeDepartures(present);
    const came = this.#takeArrivals(present);
    if (came.length + left.length > 0) this.#shownList = [...this.#shown.values()];
    const total = Math.max(present.size, this.#shown.size);
    const isNews = came.length > 0 || (total !== this.#total && left.length === 0);
    this.#total = total;
    if (left.length > 0) this.#parts.emit('left', left, total);
    if (isNews) this.#parts.emit('came', came, total);
    if (this.#absentSince.size > 0)
      this.#checkTimer ??= setTimeout(() => this.#checkAgain(), CHECK_MS).unref();
  }

  #checkAgain(): void {
    this.#checkTimer = undefined;
    this.#emitChanges();
  }

  /** Adds users to the shown ones, as long as there is room for their names. @returns the added users. */
  #takeArrivals(present: ReadonlyMap<string, UserRef>): UserRef[] {
    const came: UserRef[] = [];
    for (const [id, user] of present) {
      if (this.#shown.size >= LIMITS.presenceNames) break;
      if (this.#shown.has(id)) continue;
      this.#shown.set(id, user);
      came.push(user);
    }
    return came;
  }

  /** Removes shown users who have been absent for longer than the grace. @returns the removed users. */
  #takeDepartures(present: ReadonlyMap<string, UserRef>): UserRef[] {
    for (const id of this.#absentSince.keys()) {
      if (present.has(id) || !this.#shown.has(id)) this.#absentSince.delete(id);
    }
    const now = performance.now();
    const gone = [...this.#shown.values()].filter(({ id }) => {
      if (present.has(id)) return false;
      const since = this.#absentSince.get(id) ?? now;
      this.#absentSince.set(id, since);
      return now - since >= GRACE_MS;
    });
    for (const { id } of gone) {
      this.#shown.delete(id);
      this.#absentSince.delete(id);
    }
    return gone;
  }
}
