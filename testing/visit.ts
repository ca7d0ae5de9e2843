import type { RoomEvent } from '../contract/types.ts';
import type { Delivery } from '../server/chat/delivery.ts';
import type { Subscription } from '../server/chat/subscription.ts';

/** One subscription and everything that it has delivered. Nothing is read before `read` is called. */
export class Visit {
  readonly deliveries: Delivery[];
  readonly subscription: Subscription;
  #reading: Promise<void> | undefined;

  /** @param deliveries a list that an outlet fills, for a test that does not call `read`. */
  constructor(subscription: Subscription, deliveries: Delivery[] = []) {
    this.subscription = subscription;
    this.deliveries = deliveries;
  }

  get events(): RoomEvent[] {
    return this.deliveries.map(({ event }) => event);
  }

  /** The revs of the delivered messages, in the order of delivery. */
  get revs(): number[] {
    return this.events.flatMap((event) => (event.type === 'message' ? [event.rev] : []));
  }

  /** The `lastEventId` with which a client would come back; undefined before the first event. */
  get cursor(): string | undefined {
    return this.deliveries.at(-1)?.cursor.toString();
  }

  /** Starts reading. The promise settles when the subscription ends, and rejects with its error. */
  read(): Promise<void> {
    this.#reading ??= this.#collect();
    return this.#reading;
  }

  async leave(): Promise<void> {
    await this.subscription.return();
    await this.#reading;
  }

  async #collect(): Promise<void> {
    for await (const delivery of this.subscription) this.deliveries.push(delivery);
  }
}
