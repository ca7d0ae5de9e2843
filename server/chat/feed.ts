import { notMember } from '../../contract/errors.ts';
import type { Message, RoomEvent, UserRef } from '../../contract/types.ts';
import type { Store } from '../../db/store.ts';
import type { Bus, BusEvent } from '../bus/bus.ts';
import { Fanout, type Receiver } from '../flow/fanout.ts';
import type { Turns } from '../flow/turns.ts';
import type { Log } from '../log.ts';
import type { Delivery } from './delivery.ts';
import type { MemberWatch } from './memberWatch.ts';
import { Presence } from './presence.ts';
import { Recent } from './recent.ts';

/** Somebody in the room: receives everything in order until they leave or are ended. */
export type Subscriber = Receiver<Delivery> & {
  user: UserRef;
  /** Ends their events with an error. */
  fail: (error: Error) => void;
};

export type FeedParts = {
  /** Tells this process from the others on the bus. */
  process: string;
  store: Pick<Store, 'changesAfter'>;
  bus: Pick<Bus, 'publish'>;
  watch: MemberWatch;
  turns: Turns;
  log: Log;
};

const GAP_PAGE = 500;

/**
 * The ordered, gap-free run of one room's changes in this process. The bus only hints: a rev that is not the next one
 * makes the feed read what it missed from the store, so nothing is skipped and nothing comes twice.
 */
export class Feed {
  readonly roomId: string;
  readonly recent: Recent;
  readonly #fanout: Fanout<Delivery>;
  /** With what ends the watch over each one's membership. */
  readonly #subscribers = new Map<Subscriber, () => void>();
  readonly #parts: FeedParts;
  readonly #presence: Presence;
  #rev: number;
  /** The last one, for whoever comes before anything changes: a crowd comes at once. */
  #welcome: readonly Delivery[] = [];
  #behind = false;
  #filling = false;

  /** @param rev where the feed starts: changes up to it are history. */
  constructor(roomId: string, rev: number, parts: FeedParts) {
    this.roomId = roomId;
    this.recent = new Recent(rev, (from, limit) => parts.store.changesAfter(roomId, from, limit));
    this.#rev = rev;
    this.#parts = parts;
    this.#fanout = new Fanout(parts.turns);
    const { bus, process } = parts;
    this.#presence = new Presence({
      announce: (users) => bus.publish(roomId, { type: 'presence', process, users }),
      tell: (change, users, total) => this.#broadcast({ type: 'presence', change, users, total }),
    });
    bus.publish(roomId, { type: 'presence-wanted', process });
  }

  /** The last change that was handed out. */
  get rev(): number {
    return this.#rev;
  }

  join(subscriber: Subscriber): void {
    const { user } = subscriber;
    const unwatch = this.#parts.watch(this.roomId, user.id, () => subscriber.fail(notMember()));
    this.#subscribers.set(subscriber, unwatch);
    this.#fanout.join(subscriber);
    this.#presence.arrive(user);
  }

  leave(subscriber: Subscriber): void {
    this.#subscribers.get(subscriber)?.();
    this.#fanout.leave(subscriber);
    if (this.#subscribers.delete(subscriber)) this.#presence.depart(subscriber.user);
  }

  /** What somebody is told first who has seen the room up to `cursor`: who is here. */
  welcome(cursor: number): readonly Delivery[] {
    const { everybody: users, total } = this.#presence;
    const known = this.#welcome[0];
    const isSame =
      known?.event.type === 'presence' && known.event.users === users && known.event.total === total;
    if (known?.cursor !== cursor || !isSame) {
      this.#welcome = [{ cursor, event: { type: 'presence', change: 'all', users, total } }];
    }
    return this.#welcome;
  }

  /** Says who is here, from time to time, and gives up who is silent. */
  beat(): void {
    this.#presence.beat();
  }

  /** Takes back who is here, because this process stops. */
  withdraw(): void {
    this.#presence.withdraw();
  }

  receive(event: BusEvent): void {
    switch (event.type) {
      case 'message':
        this.#receiveMessage(event.message);
        break;
      case 'membership':
        this.#receiveMembership(event);
        break;
      case 'settings':
        this.#broadcast({ type: 'room', change: 'updated', room: event.room });
        break;
      case 'presence':
        if (event.process !== this.#parts.process) this.#presence.hear(event.process, event.users);
        break;
      case 'presence-wanted':
        if (event.process !== this.#parts.process) this.#presence.beat();
        break;
      case 'typing':
      case 'read':
        this.#broadcast(event);
        break;
      case 'caption':
        break;
    }
  }

  /** Tells the feed how far the store is; it reads what it has not seen. */
  noticeRev(rev: number): void {
    if (rev > this.#rev) this.#fillGap();
  }

  #receiveMessage(message: Message): void {
    if (message.rev <= this.#rev) return;
    if (message.rev === this.#rev + 1 && !this.#filling) this.#handOut(message);
    else this.#fillGap();
  }

  #receiveMembership({ change, user, memberCount }: Extract<BusEvent, { type: 'membership' }>): void {
    this.#broadcast({ type: 'room', change, user, memberCount });
    if (change === 'joined') return;
    this.#presence.dismiss([user.id]);
    for (const subscriber of [...this.#subscribers.keys()]) {
      if (subscriber.user.id === user.id) subscriber.fail(notMember());
    }
  }

  #handOut(message: Message): void {
    this.#rev = message.rev;
    this.#fanout.push(this.recent.add(message));
  }

  #broadcast(event: RoomEvent): void {
    this.#fanout.push({ cursor: this.#rev, event });
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
