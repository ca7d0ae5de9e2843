import type { RoomEvent } from '../contract/types.ts';
import type { Delivery } from '../server/chat/delivery.ts';
import type { Subscription } from '../server/chat/subscription.ts';

/** One subscription and what came out of it. Nothing is read before `read`. */
export class Visit {
  readonly deliveries: Delivery[];
  readonly subscription: Subscription;
  #reading: Promise<void> | undefined;

  /** @param deliveries where they come by another way than reading, through an outlet. */
  constructor(subscription: Subscription, deliveries: Delivery[] = []) {
    this.subscription = subscription;
    this.deliveries = deliveries;
  }

  get events(): RoomEvent[] {
    return this.deliveries.map(({ event }) => event);
  }

  /** The revs of the messages that came, as they came. */
  get revs(): number[] {
    return this.events.flatMap((event) => (event.type === 'message' ? [event.rev] : []));
  }

  /** What a client comes back with: the id of the last event, if one came. */
  get cursor(): string | undefined {
    return this.deliveries.at(-1)?.cursor.toString();
  }

  /** Reads from now on; the answer settles at the end of the subscription, as it ended. */
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
