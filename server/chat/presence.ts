import type { UserRef } from '../contract/types.ts';

export type PresenceParts = {
  /** Tells the other processes who is here through this one; all of them each time, so that a lost list heals. */
  announce: (users: UserRef[]) => void;
  /** Tells the people in the room who came or left. */
  tell: (change: 'came' | 'left', users: UserRef[]) => void;
};

/** Lists of arrivals that come close together go out as one. */
const ANNOUNCE_MS = 50;
/** Somebody of whom nothing has been heard for so long is gone with their process; lists come every 5 s. */
const EXPIRY_MS = 12_000;

type Elsewhere = { users: Map<string, UserRef>; heardAt: number };

/**
 * Who is in one room, over all processes. Several windows of one person, here or elsewhere, are one presence. Time is
 * counted by a clock that never jumps.
 */
export class Presence {
  readonly #parts: PresenceParts;
  readonly #windows = new Map<string, { user: UserRef; count: number }>();
  readonly #elsewhere = new Map<string, Elsewhere>();
  #announcing: NodeJS.Timeout | undefined;

  constructor(parts: PresenceParts) {
    this.#parts = parts;
  }

  get everybody(): UserRef[] {
    const people = new Map<string, UserRef>();
    for (const { users } of this.#elsewhere.values()) for (const [id, user] of users) people.set(id, user);
    for (const [id, { user }] of this.#windows) people.set(id, user);
    return [...people.values()];
  }

  arrive(user: UserRef): void {
    const known = this.#windows.get(user.id);
    if (known) {
      known.count += 1;
      return;
    }
    const wasHere = this.#isElsewhere(user.id);
    this.#windows.set(user.id, { user, count: 1 });
    if (!wasHere) this.#parts.tell('came', [user]);
    this.#announceSoon();
  }

  depart(user: UserRef): void {
    const known = this.#windows.get(user.id);
    if (!known) return;
    known.count -= 1;
    if (known.count > 0) return;
    this.#windows.delete(user.id);
    if (!this.#isElsewhere(user.id)) this.#parts.tell('left', [user]);
    this.#announceSoon();
  }

  /** Everybody who is here through another process. */
  hear(process: string, users: UserRef[]): void {
    const before = this.#elsewhere.get(process)?.users ?? new Map<string, UserRef>();
    const after = new Map(users.map((user) => [user.id, user]));
    const came = users.filter(({ id }) => !before.has(id) && !this.#isHere(id));
    if (users.length === 0) this.#elsewhere.delete(process);
    else this.#elsewhere.set(process, { users: after, heardAt: performance.now() });
    const left = [...before.values()].filter(({ id }) => !this.#isHere(id));
    if (came.length > 0) this.#parts.tell('came', came);
    if (left.length > 0) this.#parts.tell('left', left);
  }

  /** Says again who is here, and gives up processes that are silent. */
  beat(): void {
    if (this.#windows.size > 0) this.#announce();
    for (const [process, { heardAt }] of this.#elsewhere) {
      if (performance.now() - heardAt > EXPIRY_MS) this.hear(process, []);
    }
  }

  /** Takes back who is here, because this process stops. */
  withdraw(): void {
    clearTimeout(this.#announcing);
    this.#parts.announce([]);
  }

  #isHere(userId: string): boolean {
    return this.#windows.has(userId) || this.#isElsewhere(userId);
  }

  #isElsewhere(userId: string): boolean {
    return [...this.#elsewhere.values()].some(({ users }) => users.has(userId));
  }

  #announceSoon(): void {
    this.#announcing ??= setTimeout(() => this.#announce(), ANNOUNCE_MS).unref();
  }

  #announce(): void {
    clearTimeout(this.#announcing);
    this.#announcing = undefined;
    this.#parts.announce([...this.#windows.values()].map(({ user }) => user));
  }
}
