import { LIMITS } from '../../contract/limits.ts';
import type { UserRef } from '../../contract/types.ts';

export type PresenceParts = {
  /** Tells the other processes who is here through this one; all of them each time, so that a lost list heals. */
  announce: (users: UserRef[]) => void;
  /** Tells the people in the room who came or left, and how many are here. */
  tell: (change: 'came' | 'left', users: UserRef[], total: number) => void;
};

/** Who comes and goes in so short a time is told and announced together: crowds do. */
const GATHER_MS = 100;
/** Somebody who is back by then was never gone: a page is loaded again, a train goes through a tunnel. */
const GRACE_MS = 3_000;
/** How often it is looked whose time is up. */
const LOOK_MS = 500;
/** Somebody of whom nothing has been heard for so long is gone with their process; lists come every 5 s. */
const EXPIRY_MS = 12_000;

type Elsewhere = { users: Map<string, UserRef>; heardAt: number };

/**
 * Who is in one room, over all processes. Several windows of one person, here or elsewhere, are one presence. People
 * are told how what they know differs from what is so, whatever happened in between. Of a crowd only the first few hundred
 * are named: to tell everybody of everybody would be millions of names. Time is counted by a clock that never jumps.
 */
export class Presence {
  readonly #parts: PresenceParts;
  readonly #windows = new Map<string, { user: UserRef; count: number }>();
  readonly #elsewhere = new Map<string, Elsewhere>();
  /** Whom the people in the room know to be here, by name. */
  readonly #told = new Map<string, UserRef>();
  /** Those of them who are here no more, since when. */
  readonly #missing = new Map<string, number>();
  #everybody: UserRef[] = [];
  #total = 0;
  #announcing: NodeJS.Timeout | undefined;
  #telling: NodeJS.Timeout | undefined;
  #waiting: NodeJS.Timeout | undefined;

  constructor(parts: PresenceParts) {
    this.#parts = parts;
  }

  /** Who is here as far as people have been told; the same array until the next telling, which goes to all. */
  get everybody(): UserRef[] {
    return this.#everybody;
  }

  /** How many are here, as far as people have been told. */
  get total(): number {
    return this.#total;
  }

  arrive(user: UserRef): void {
    const known = this.#windows.get(user.id);
    this.#windows.set(user.id, { user, count: (known?.count ?? 0) + 1 });
    if (!known) this.#changed();
  }

  depart(user: UserRef): void {
    const known = this.#windows.get(user.id);
    if (!known) return;
    known.count -= 1;
    if (known.count > 0) return;
    this.#windows.delete(user.id);
    this.#changed();
  }

  /** They will not be back: their leaving is told without waiting for them. */
  dismiss(userIds: Iterable<string>): void {
    for (const userId of userIds) this.#missing.set(userId, Number.NEGATIVE_INFINITY);
    this.#tellSoon();
  }

  /** Everybody who is here through another process. */
  hear(process: string, users: UserRef[]): void {
    if (users.length === 0) this.#elsewhere.delete(process);
    else {
      const known = new Map(users.map((user) => [user.id, user]));
      this.#elsewhere.set(process, { users: known, heardAt: performance.now() });
    }
    this.#tellSoon();
  }

  /** Says again who is here, and gives up processes that are silent. */
  beat(): void {
    if (this.#windows.size > 0) this.#announce();
    for (const [process, { users, heardAt }] of this.#elsewhere) {
      if (performance.now() - heardAt <= EXPIRY_MS) continue;
      this.hear(process, []);
      this.dismiss(users.keys());
    }
  }

  /** Takes back who is here, because this process stops. */
  withdraw(): void {
    clearTimeout(this.#announcing);
    clearTimeout(this.#telling);
    clearTimeout(this.#waiting);
    this.#parts.announce([]);
  }

  #here(): Map<string, UserRef> {
    const here = new Map<string, UserRef>();
    for (const { users } of this.#elsewhere.values()) for (const [id, user] of users) here.set(id, user);
    for (const [id, { user }] of this.#windows) here.set(id, user);
    return here;
  }

  #changed(): void {
    this.#tellSoon();
    this.#announcing ??= setTimeout(() => this.#announce(), GATHER_MS).unref();
  }

  #announce(): void {
    clearTimeout(this.#announcing);
    this.#announcing = undefined;
    this.#parts.announce([...this.#windows.values()].map(({ user }) => user));
  }

  #tellSoon(): void {
    this.#telling ??= setTimeout(() => this.#tell(), GATHER_MS).unref();
  }

  #tell(): void {
    clearTimeout(this.#telling);
    this.#telling = undefined;
    const here = this.#here();
    const left = this.#takeGone(here);
    const came = this.#takeNew(here);
    if (came.length + left.length > 0) this.#everybody = [...this.#told.values()];
    const total = Math.max(here.size, this.#told.size);
    const isNews = came.length > 0 || (total !== this.#total && left.length === 0);
    this.#total = total;
    if (left.length > 0) this.#parts.tell('left', left, total);
    if (isNews) this.#parts.tell('came', came, total);
    if (this.#missing.size > 0) this.#waiting ??= setTimeout(() => this.#lookAgain(), LOOK_MS).unref();
  }

  #lookAgain(): void {
    this.#waiting = undefined;
    this.#tell();
  }

  /** Those who are here and can be named. */
  #takeNew(here: ReadonlyMap<string, UserRef>): UserRef[] {
    const came: UserRef[] = [];
    for (const [id, user] of here) {
      if (this.#told.size >= LIMITS.presenceNames) break;
      if (this.#told.has(id)) continue;
      this.#told.set(id, user);
      came.push(user);
    }
    return came;
  }

  /** Those who are known to be here, and have been away for longer than the grace. */
  #takeGone(here: ReadonlyMap<string, UserRef>): UserRef[] {
    for (const id of this.#missing.keys()) {
      if (here.has(id) || !this.#told.has(id)) this.#missing.delete(id);
    }
    const now = performance.now();
    const gone = [...this.#told.values()].filter(({ id }) => {
      if (here.has(id)) return false;
      const since = this.#missing.get(id) ?? now;
      this.#missing.set(id, since);
      return now - since >= GRACE_MS;
    });
    for (const { id } of gone) {
      this.#told.delete(id);
      this.#missing.delete(id);
    }
    return gone;
  }
}
