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

/** A user in the room, who receives all deliveries in order until the subscription ends. */
export type Subscriber = Receiver<Delivery> & {
  user: UserRef;
  /** Ends the subscription with an error. */
  fail: (error: Error) => void;
};

export type FeedParts = {
  /** The id of this process on the bus. */
  process: string;
  store: Pick<Store, 'changesAfter'>;
  bus: Pick<Bus, 'publish'>;
  watch: MemberWatch;
  turns: Turns;
  log: Log;
};

/** Changes that one query reads to fill a gap. */
const GAP_PAGE = 500;

/**
 * The changes of one room in this process, in rev order and without gaps. The bus only gives hints: if a message's rev is
 * not the next one, the feed reads the missing changes from the store. So no change is skipped, and none comes twice.
 */
export class Feed {
  readonly roomId: string;
  readonly recent: Recent;
  readonly #fanout: Fanout<Delivery>;
  /** Each subscriber, with the function that ends the watch of its membership. */
  readonly #subscribers = new Map<Subscriber, () => void>();
  readonly #parts: FeedParts;
  readonly #presence: Presence;
  #rev: number;
  /** The last answer of `presenceAt`, used again until something changes: a crowd comes at once. */
  #presenceDelivery: readonly Delivery[] = [];
  #isBehind = false;
  #isReading = false;

  /** @param rev the start of the feed: changes up to this rev are history. */
  constructor(roomId: string, rev: number, parts: FeedParts) {
    this.roomId = roomId;
    this.recent = new Recent(rev, (from, limit) => parts.store.changesAfter(roomId, from, limit));
    this.#rev = rev;
    this.#parts = parts;
    this.#fanout = new Fanout(parts.turns);
    const { bus, process } = parts;
    this.#presence = new Presence({
      announce: (users) => bus.publish(roomId, { type: 'presence', process, users }),
      emit: (change, users, total) => this.#broadcast({ type: 'presence', change, users, total }),
    });
    bus.publish(roomId, { type: 'presence-wanted', process });
  }

  /** The rev of the last change that was sent. */
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

  /** The first live delivery of a subscriber: all users who are in the room. @param cursor the rev it has seen. */
  presenceAt(cursor: number): readonly Delivery[] {
    const { shown: users, total } = this.#presence;
    const known = this.#presenceDelivery[0];
    const isSame =
      known?.event.type === 'presence' && known.event.users === users && known.event.total === total;
    if (known?.cursor !== cursor || !isSame) {
      this.#presenceDelivery = [{ cursor, event: { type: 'presence', change: 'all', users, total } }];
    }
    return this.#presenceDelivery;
  }

  /** Announces this process's users again. Call it every `LIVENESS.announceMs`. */
  announce(): void {
    this.#presence.announce();
  }

  /** Removes the users of dead processes. Call it every `LIVENESS.checkMs`. */
  dropLost(): void {
    this.#presence.dropLost();
  }

  /** Withdraws this process's users, because this process stops. */
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
      case 'role':
        this.#broadcast({ type: 'room', change: 'role', user: event.user, role: event.role });
        break;
      case 'settings':
        this.#broadcast({ type: 'room', change: 'updated', room: event.room });
        break;
      case 'presence':
        if (event.process !== this.#parts.process) this.#presence.setRemote(event.process, event.users);
        break;
      case 'presence-wanted':
        if (event.process !== this.#parts.process) this.#presence.announce();
        break;
      case 'typing':
      case 'read':
        this.#broadcast(event);
        break;
      case 'caption':
      case 'streams':
      case 'streams-wanted':
        break;
    }
  }

  /** Call it with the room's rev in the store. The feed reads the changes that it has not seen. */
  noticeRev(rev: number): void {
    if (rev > this.#rev) this.#fillGap();
  }

  #receiveMessage(message: Message): void {
    if (message.rev <= this.#rev) return;
    if (message.rev === this.#rev + 1 && !this.#isReading) this.#send(message);
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

  #send(message: Message): void {
    this.#rev = message.rev;
    this.#fanout.push(this.recent.add(message));
  }

  #broadcast(event: RoomEvent): void {
    this.#fanout.push({ cursor: this.#rev, event });
  }

  /**
   * A hint that arrives during the read makes it read once more. Nothing is lost: its message is in the store already.
   */
  #fillGap(): void {
    this.#isBehind = true;
    if (!this.#isReading) void this.#readGap();
  }

  async #readGap(): Promise<void> {
    this.#isReading = true;
    try {
      while (this.#isBehind) {
        this.#isBehind = false;
        const missed = await this.#parts.store.changesAfter(this.roomId, this.#rev, GAP_PAGE);
        for (const message of missed) this.#send(message);
        if (missed.length === GAP_PAGE) this.#isBehind = true;
      }
    } catch (error) {
      // The next hint or the next sweep tries again.
      this.#parts.log.warn(
        { err: error, roomId: this.roomId },
        'could not read missed changes; trying again soon',
      );
    } finally {
      this.#isReading = false;
    }
  }
}
