import type { Store } from '../../db/store.ts';
import type { Bus, BusEvent } from '../bus/bus.ts';
import type { Message, RoomEvent, UserRef } from '../contract/types.ts';
import type { Log } from '../log.ts';
import { notMember } from './access.ts';

/** Somebody in the room: events are pushed to them in order until they leave or are ended. */
export type Subscriber = {
  user: UserRef;
  push: (event: RoomEvent) => void;
  /** Ends their events with an error. */
  fail: (error: Error) => void;
};

export type FeedParts = { store: Pick<Store, 'changesAfter'>; bus: Pick<Bus, 'publish'>; log: Log };

const GAP_PAGE = 500;

/**
 * The ordered, gap-free run of one room's changes in this process. The bus only hints: a rev that is not the next one
 * makes the feed read what it missed from the store, so nothing is skipped and nothing comes twice.
 */
export class Feed {
  readonly roomId: string;
  readonly #subscribers = new Set<Subscriber>();
  readonly #parts: FeedParts;
  #rev: number;
  #behind = false;
  #filling = false;

  /** @param rev where the feed starts: changes up to it are history. */
  constructor(roomId: string, rev: number, parts: FeedParts) {
    this.roomId = roomId;
    this.#rev = rev;
    this.#parts = parts;
  }

  /** The last change that was handed out. */
  get rev(): number {
    return this.#rev;
  }

  /** Several tabs of one person are one presence: only the first arrival and the last departure are told. */
  join(subscriber: Subscriber): void {
    const arrives = !this.#isHere(subscriber.user);
    this.#subscribers.add(subscriber);
    const people = new Map([...this.#subscribers].map(({ user }) => [user.id, user]));
    subscriber.push({ type: 'presence', change: 'all', users: [...people.values()] });
    if (arrives) this.#tellPresence('came', subscriber.user);
  }

  leave(subscriber: Subscriber): void {
    if (!this.#subscribers.delete(subscriber)) return;
    if (!this.#isHere(subscriber.user)) this.#tellPresence('left', subscriber.user);
  }

  receive(event: BusEvent): void {
    switch (event.type) {
      case 'message':
        this.#receiveMessage(event.message);
        break;
      case 'membership':
        this.#receiveMembership(event);
        break;
      case 'presence':
        this.#broadcast({ type: 'presence', change: event.change, users: [event.user] });
        break;
      case 'caption':
        break;
    }
  }

  /** Tells the feed how far the store is; it reads what it has not seen. */
  noticeRev(rev: number): void {
    if (rev > this.#rev) this.#fillGap();
  }

  #isHere(user: UserRef): boolean {
    return [...this.#subscribers].some((other) => other.user.id === user.id);
  }

  #tellPresence(change: 'came' | 'left', user: UserRef): void {
    this.#parts.bus.publish(this.roomId, { type: 'presence', change, user });
  }

  #receiveMessage(message: Message): void {
    if (message.rev <= this.#rev) return;
    if (message.rev === this.#rev + 1 && !this.#filling) this.#handOut(message);
    else this.#fillGap();
  }

  #receiveMembership({ change, user, memberCount }: Extract<BusEvent, { type: 'membership' }>): void {
    this.#broadcast({ type: 'room', change, user, memberCount });
    if (change === 'joined') return;
    for (const subscriber of [...this.#subscribers]) {
      if (subscriber.user.id === user.id) subscriber.fail(notMember());
    }
  }

  #handOut(message: Message): void {
    this.#rev = message.rev;
    this.#broadcast({ type: 'message', rev: message.rev, message });
  }

  #broadcast(event: RoomEvent): void {
    for (const subscriber of [...this.#subscribers]) subscriber.push(event);
  }

  /** Whatever arrives while the gap is read is in the store already: it only makes the reading go round once more. */
  #fillGap(): void {
    this.#behind = true;
    if (!this.#filling) void this.#readGap();
  }

  async #readGap(): Promise<void> {
    this.#filling = true;
    try {
      while (this.#behind) {
        this.#behind = false;
        const missed = await this.#parts.store.changesAfter(this.roomId, this.#rev, GAP_PAGE);
        for (const message of missed) this.#handOut(message);
        if (missed.length === GAP_PAGE) this.#behind = true;
      }
    } catch (error) {
      // The next hint or the next sweep of the heads tries again.
      this.#parts.log.warn({ err: error, roomId: this.roomId }, 'could not read missed changes');
    } finally {
      this.#filling = false;
    }
  }
}
