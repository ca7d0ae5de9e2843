import type { Store } from '../../db/store.ts';
import { Channel } from '../channel.ts';
import { LIMITS } from '../contract/limits.ts';
import type { RoomEvent, UserRef } from '../contract/types.ts';
import type { Feed, Subscriber } from './feed.ts';

/** One event with the rev up to which its receiver has now seen the room: the cursor to come back with. */
export type Delivery = { cursor: number; event: RoomEvent };

export type Subscription = AsyncIterableIterator<Delivery, void, void> & {
  return: () => Promise<IteratorResult<Delivery, void>>;
};

type History = Pick<Store, 'changesAfter' | 'heads'>;

const REPLAY_PAGE = 200;

/**
 * Replay, then live, without a gap or a double. The subscriber is attached to the feed before the first row is read,
 * so what is committed meanwhile waits in the channel; what the replay has delivered already is dropped there by rev.
 * @param onReturn runs once when the subscription is over, even if nobody ever read from it.
 */
export function subscribe(
  feed: Feed,
  user: UserRef,
  cursor: string | undefined,
  history: History,
  onReturn: () => void,
): Subscription {
  const live = new Channel<RoomEvent>(() => {
    feed.leave(subscriber);
    onReturn();
  });
  const subscriber: Subscriber = {
    user,
    push: (event) => live.push(event),
    fail: (error) => live.fail(error),
  };
  const attachedAt = feed.rev;
  feed.join(subscriber);
  const events = deliver(feed.roomId, attachedAt, cursor, history, live);

  return {
    next: () => events.next(),
    // A generator that was never started runs no `finally`: the channel is what must be told.
    async return() {
      await live.return();
      await events.return();
      return { done: true, value: undefined };
    },
    async throw(error) {
      await live.return();
      return events.throw(error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

async function* deliver(
  roomId: string,
  attachedAt: number,
  cursor: string | undefined,
  history: History,
  live: Channel<RoomEvent>,
): AsyncGenerator<Delivery, void, void> {
  try {
    let seen = cursor === undefined ? attachedAt : yield* replay(roomId, attachedAt, cursor, history, live);
    for await (const event of live) {
      if (event.type === 'message') {
        if (event.rev <= seen) continue;
        seen = event.rev;
      }
      yield { cursor: seen, event };
    }
  } finally {
    await live.return();
  }
}

/**
 * The changes after the cursor, latest state, in rev order; or one `reset` if there are too many or it is impossible.
 * @returns the rev its receiver has then seen: it may be ahead of the feed, even if there was nothing to replay.
 */
async function* replay(
  roomId: string,
  attachedAt: number,
  cursor: string,
  history: History,
  live: Pick<Channel<RoomEvent>, 'closed'>,
): AsyncGenerator<Delivery, number, void> {
  const heads = await history.heads([roomId]);
  const head = Math.max(attachedAt, heads.get(roomId)?.rev ?? 0);
  let seen = /^\d{1,15}$/.test(cursor) ? Number(cursor) : Number.POSITIVE_INFINITY;
  if (seen > head || head - seen > LIMITS.replayChanges) {
    yield { cursor: head, event: { type: 'reset', rev: head } };
    return head;
  }
  while (seen < head) {
    const messages = await history.changesAfter(roomId, seen, REPLAY_PAGE);
    for (const message of messages) {
      // Whoever is shown out while they catch up sees no more.
      if (live.closed) return seen;
      seen = message.rev;
      yield { cursor: seen, event: { type: 'message', rev: seen, message } };
    }
    if (messages.length < REPLAY_PAGE) break;
  }
  return seen;
}
