import type { UserRef } from '../../contract/types.ts';
import { Channel } from '../flow/channel.ts';
import type { Outlet } from '../flow/outlet.ts';
import type { Turn } from '../flow/work.ts';
import { type History, nextReplayPage, resetTo, revFromCursor } from './catchUp.ts';
import { type Delivery, unseenOf } from './delivery.ts';
import type { Feed, Subscriber } from './feed.ts';
import type { ReplayPage } from './recent.ts';

export type SubscriptionParts = {
  feed: Feed;
  history: History;
  user: UserRef;
  /** The cursor of the last delivery that the client has; undefined for a client that comes for the first time. */
  cursor?: string | undefined;
  /** Gets the deliveries. Without an outlet, the reader asks for them with `next`. */
  outlet?: Outlet<Delivery> | undefined;
  /** The turns in which the replay reads. Without it, the replay reads at once. */
  turn?: Turn | undefined;
  /** Runs once when the subscription is over, even if nobody ever read from it. */
  onReturn: () => void;
};

/** A reader with more unread deliveries than this gets the rest from the store, so that memory stays bounded. */
const MAX_QUEUED = 1_000;

/**
 * The deliveries of one subscriber: first a replay of what it missed, then live events. No message is skipped, and none
 * comes twice.
 *
 * During the replay it ignores the feed, because everything that the feed has sent is in the store. It goes live in the
 * same tick in which its reader has seen as much as the feed. From then on the feed brings everything; messages that the
 * replay has read ahead of the feed are left out by rev.
 *
 * With an outlet, the deliveries go to the outlet, and `next` only waits for the end. Nothing is written to the outlet
 * before the first call of `next`, so that the outlet's data comes after the transport's own first answer.
 */
export class Subscription implements Subscriber, AsyncIterableIterator<Delivery, void, void> {
  readonly user: UserRef;
  readonly #feed: Feed;
  readonly #history: History;
  readonly #outlet: Outlet<Delivery> | undefined;
  readonly #turn: Turn;
  /** The deliveries that wait for `next`, and how the subscription ends. */
  readonly #queue: Channel<Delivery>;
  #cursor: string | undefined;
  /** The rev up to which the reader has seen the room; undefined until the cursor is read. */
  #seenRev: number | undefined;
  /** The rev up to which deliveries were queued or written, read or not. */
  #deliveredRev = 0;
  #isLive = false;

  constructor({ feed, history, user, cursor, outlet, turn = atOnce, onReturn }: SubscriptionParts) {
    this.user = user;
    this.#feed = feed;
    this.#history = history;
    this.#outlet = outlet;
    this.#turn = turn;
    this.#cursor = cursor;
    if (cursor === undefined) this.#seenRev = feed.rev;
    this.#queue = new Channel(() => {
      feed.leave(this);
      onReturn();
    });
    feed.join(this);
  }

  receive(batch: readonly Delivery[]): void {
    if (!this.#isLive) return;
    if (this.#outlet || this.#queue.length < MAX_QUEUED) {
      this.#deliver(unseenOf(batch, this.#deliveredRev));
    } else {
      this.#isLive = false;
      this.#queue.clear();
    }
  }

  fail(error: Error): void {
    this.#queue.fail(error);
  }

  async next(): Promise<IteratorResult<Delivery, void>> {
    while (!this.#isLive && this.#queue.length === 0 && !this.#queue.closed) {
      // The replay reads the store no faster than the client reads its socket.
      if (this.#outlet?.isBusy) await this.#outlet.drained();
      else await this.#advance();
    }
    const result = await this.#queue.next();
    if (!result.done) this.#seenRev = result.value.cursor;
    return result;
  }

  async return(): Promise<IteratorResult<Delivery, void>> {
    await this.#queue.return();
    return { done: true, value: undefined };
  }

  async throw(error: unknown): Promise<IteratorResult<Delivery, void>> {
    await this.#queue.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Delivers the next page of the replay, or goes live if nothing is missing. */
  async #advance(): Promise<void> {
    const seen = this.#seenRev;
    if (seen === undefined) this.#replay(await this.#readCursor());
    else if (seen < this.#feed.rev) this.#replay(await this.#turn(() => this.#readPage(seen)));
    else this.#goLive(seen);
  }

  /** A reader that has gone while it waited for its turn reads nothing. */
  async #readPage(seen: number): Promise<ReplayPage> {
    if (this.#queue.closed) return { changes: [], upTo: seen };
    return nextReplayPage(this.#feed, this.#history, seen);
  }

  async #readCursor(): Promise<ReplayPage> {
    const rev = await revFromCursor(this.#cursor ?? '', this.#feed, this.#history);
    return rev === undefined ? resetTo(this.#feed.rev) : { changes: [], upTo: rev };
  }

  #replay({ changes, upTo }: ReplayPage): void {
    if (changes.length === 0) this.#seenRev = upTo;
    else this.#deliver(changes);
  }

  #goLive(seen: number): void {
    this.#isLive = true;
    this.#deliveredRev = seen;
    this.#deliver(this.#feed.presenceAt(seen));
  }

  #deliver(deliveries: readonly Delivery[]): void {
    const last = deliveries.at(-1);
    if (!last || this.#queue.closed) return;
    this.#deliveredRev = last.cursor;
    if (this.#outlet) {
      this.#seenRev = last.cursor;
      this.#outlet.write(deliveries);
    } else {
      for (const delivery of deliveries) this.#queue.push(delivery);
    }
  }
}

function atOnce<T>(task: () => Promise<T>): Promise<T> {
  return task();
}
