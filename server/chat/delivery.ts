import type { Message, RoomEvent } from '../../contract/types.ts';

/**
 * One event for subscribers. `cursor` is the rev up to which a subscriber has seen the room after this event; a client
 * comes back with it. All subscribers share the same object.
 */
export type Delivery = { readonly cursor: number; readonly event: RoomEvent };

export function deliveryOf(message: Message): Delivery {
  return { cursor: message.rev, event: { type: 'message', rev: message.rev, message } };
}

/**
 * Leaves out the messages of a feed's batch that a subscriber has seen already. Nearly always there are none; then it
 * returns the same array. Only a subscriber that read the store ahead of its feed has seen some.
 * @param seen the rev up to which the subscriber has seen the room.
 */
export function unseenOf(batch: readonly Delivery[], seen: number): readonly Delivery[] {
  const [first] = batch;
  if (!first || revBefore(first) >= seen) return batch;
  return batch
    .filter(({ event }) => event.type !== 'message' || event.rev > seen)
    .map((delivery) => (delivery.cursor < seen ? { ...delivery, cursor: seen } : delivery));
}

/** The rev of the feed just before this delivery. */
function revBefore({ cursor, event }: Delivery): number {
  return event.type === 'message' ? cursor - 1 : cursor;
}
