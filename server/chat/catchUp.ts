import { LIMITS } from '../../contract/limits.ts';
import type { Store } from '../../db/store.ts';
import { deliveryOf } from './delivery.ts';
import type { Feed } from './feed.ts';
import type { Missed } from './recent.ts';

export type History = Pick<Store, 'changesAfter' | 'heads'>;

/** Changes handed over at once: in bytes, less than a socket may leave unread. */
const PAGE = 100;

/**
 * The next changes for somebody who has seen a room up to `seen`, which is less than the feed has: the latest state of
 * each message, in rev order. Or one `reset`, if they are too many.
 */
export async function nextMissed(feed: Feed, history: History, seen: number): Promise<Missed> {
  if (feed.rev - seen > LIMITS.replayChanges) return resetTo(feed.rev);
  const recent = await feed.recent.after(seen, PAGE);
  if (recent) return recent;
  const messages = await history.changesAfter(feed.roomId, seen, PAGE);
  // A store without what its feed has handed out is not the same any more: whoever reads it starts anew.
  const changes = messages.map(deliveryOf);
  const last = changes.at(-1);
  return last ? { changes, upTo: last.cursor } : resetTo(feed.rev);
}

/**
 * Up to which rev somebody has seen the room who comes with this cursor. It may be ahead of the feed, whose hint is
 * still under way.
 * @returns undefined for a cursor that this room cannot have given out.
 */
export async function revOf(cursor: string, feed: Feed, history: History): Promise<number | undefined> {
  if (!/^\d{1,15}$/.test(cursor)) return undefined;
  const rev = Number(cursor);
  if (rev <= feed.rev) return rev;
  const heads = await history.heads([feed.roomId]);
  return rev <= Math.max(feed.rev, heads.get(feed.roomId)?.rev ?? 0) ? rev : undefined;
}

export function resetTo(rev: number): Missed {
  return { changes: [{ cursor: rev, event: { type: 'reset', rev } }], upTo: rev };
}
