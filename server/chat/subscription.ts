import type { UserRef } from '../../contract/types.ts';
import { Channel } from '../flow/channel.ts';
import type { Outlet } from '../flow/outlet.ts';
import { type History, nextMissed, resetTo, revOf } from './catchUp.ts';
import { type Delivery, newsOf } from './delivery.ts';
import type { Feed, Subscriber } from './feed.ts';
import type { Missed } from './recent.ts';

export type SubscriptionParts = {
  feed: Feed;
  history: History;
  user: UserRef;
  /** Where its receiver left off; undefined for one who comes for the first time. */
  cursor?: string | undefined;
  /** Takes the deliveries; without one they are asked for with `next`. */
  outlet?: Outlet<Delivery> | undefined;
  /** Runs once when the subscription is over, even if nobody ever read from it. */
  onReturn: () => void;
};

/** Deliveries that wait for a reader; one with more unread goes on from the store, so that nobody has to keep them. */
const UNREAD = 1_000;

/**
 * One receiver's deliveries: what they missed, then what happens, without a gap or a double.
 *
 * While it catches up it takes nothing from the feed: what the feed has handed out is in the store. It goes live in the
 * very tick in which its receiver has seen as much as the feed; all that the feed hands out later comes to it, and what
 * it has read ahead of the feed is left out by rev.
 *
 * With an outlet the deliveries go there, and `next` only waits for the end. The outlet stands behind whatever `next`
 * has answered before: it is not written to until `next` is asked for the first time.
 */
export class Subscription implements Subscriber, AsyncIterableIterator<Delivery, void, void> {
  readonly user: UserRef;
  readonly #feed: Feed;
  readonly #history: History;
  readonly #outlet: Outlet<Delivery> | undefined;
  /** What waits to be asked for, and how it ends. */
  readonly #waiting: Channel<Delivery>;
  #cursor: string | undefined;
  /** Up to where its receiver has seen the room; undefined until the cursor has been looked at. */
  #seen: number | undefined;
  /** Up to where it has been given deliveries, read or not. */
  #given = 0;
  #live = false;

  constructor({ feed, history, user, cursor, outlet, onReturn }: SubscriptionParts) {
    this.user = user;
    this.#feed = feed;
    this.#history = history;
    this.#outlet = outlet;
    this.#cursor = cursor;
    if (cursor === undefined) this.#seen = feed.rev;
    this.#waiting = new Channel(() => {
      feed.leave(this);
      onReturn();
    });
    feed.join(this);
  }

  receive(batch: readonly Delivery[]): void {
    if (!this.#live) return;
    if (this.#outlet || this.#waiting.length < UNREAD) {
      this.#give(newsOf(batch, this.#given));
    } else {
      this.#live = false;
      this.#waiting.clear();
    }
  }

  fail(error: Error): void {
    this.#waiting.fail(error);
  }

  async next(): Promise<IteratorResult<Delivery, void>> {
    while (!this.#live && this.#waiting.length === 0 && !this.#waiting.closed) {
      // No faster than its receiver reads.
      if (this.#outlet?.isBusy) await this.#outlet.drained();
      else await this.#step();
    }
    const result = await this.#waiting.next();
    if (!result.done) this.#seen = result.value.cursor;
    return result;
  }

  async return(): Promise<IteratorResult<Delivery, void>> {
    await this.#waiting.return();
    return { done: true, value: undefined };
  }

  async throw(error: unknown): Promise<IteratorResult<Delivery, void>> {
    await this.#waiting.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next deliveries for somebody who is behind; or live, if they are not. */
  async #step(): Promise<void> {
    const seen = this.#seen;
    if (seen === undefined) this.#catchUp(await this.#lookAtCursor());
    else if (seen < this.#feed.rev) this.#catchUp(await nextMissed(this.#feed, this.#history, seen));
    else this.#goLive(seen);
  }

  async #lookAtCursor(): Promise<Missed> {
    const rev = await revOf(this.#cursor ?? '', this.#feed, this.#history);
    return rev === undefined ? resetTo(this.#feed.rev) : { changes: [], upTo: rev };
  }

  #catchUp({ changes, upTo }: Missed): void {
    if (changes.length === 0) this.#seen = upTo;
    else this.#give(changes);
  }

  #goLive(seen: number): void {
    this.#live = true;
    this.#given = seen;
    this.#give(this.#feed.welcome(seen));
  }

  #give(deliveries: readonly Delivery[]): void {
    const last = deliveries.at(-1);
    if (!last || this.#waiting.closed) return;
    this.#given = last.cursor;
    if (this.#outlet) {
      this.#seen = last.cursor;
      this.#outlet.write(deliveries);
    } else {
      for (const delivery of deliveries) this.#waiting.push(delivery);
    }
  }
}
