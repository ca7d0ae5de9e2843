import type { Message, RoomEvent } from '../../contract/types.ts';

/**
 * One event with the rev up to which its receiver has then seen the room: the cursor to come back with. One object
 * serves all receivers.
 */
export type Delivery = { readonly cursor: number; readonly event: RoomEvent };

export function deliveryOf(message: Message): Delivery {
  return { cursor: message.rev, event: { type: 'message', rev: message.rev, message } };
}

/**
 * What of a feed's batch is news to somebody who has seen the room up to `seen`. Nearly always all of it, and then the
 * very same array; only who has read the store ahead of the feed has had some of it.
 */
export function newsOf(batch: readonly Delivery[], seen: number): readonly Delivery[] {
  const [first] = batch;
  if (!first || revBefore(first) >= seen) return batch;
  return batch
    .filter(({ event }) => event.type !== 'message' || event.rev > seen)
    .map((delivery) => (delivery.cursor < seen ? { ...delivery, cursor: seen } : delivery));
}

/** How far the feed was when it handed this out. */
function revBefore({ cursor, event }: Delivery): number {
  return event.type === 'message' ? cursor - 1 : cursor;
}
