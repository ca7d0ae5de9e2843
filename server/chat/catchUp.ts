import { LIMITS } from '../../contract/limits.ts';
import type { Store } from '../../db/store.ts';
import { deliveryOf } from './delivery.ts';
import type { Feed } from './feed.ts';
import type { ReplayPage } from './recent.ts';

export type History = Pick<Store, 'changesAfter' | 'heads'>;

/** Changes in one page of a replay. Their bytes stay below the limit of what a socket may leave unread. */
const PAGE = 100;

/**
 * The next page of a replay for a subscriber that is behind its feed: the latest state of each changed message, in rev
 * order. If more than `LIMITS.replayChanges` changes are missing, it is one `reset`.
 * @param seen the rev up to which the subscriber has seen the room; less than the feed's rev.
 */
export async function nextReplayPage(feed: Feed, history: History, seen: number): Promise<ReplayPage> {
  if (feed.rev - seen > LIMITS.replayChanges) return resetTo(feed.rev);
  const recent = await feed.recent.after(seen, PAGE);
  if (recent) return recent;
  const messages = await history.changesAfter(feed.roomId, seen, PAGE);
  const changes = messages.map(deliveryOf);
  const last = changes.at(-1);
  // A store that lacks changes which its feed has sent was replaced by another database. The subscriber starts again.
  return last ? { changes, upTo: last.cursor } : resetTo(feed.rev);
}

/**
 * Reads the cursor of a subscriber that comes back. The cursor may be ahead of the feed, if the hint of that change is
 * still under way.
 * @returns the rev up to which the subscriber has seen the room; undefined if this room cannot have given that cursor.
 */
export async function revFromCursor(
  cursor: string,
  feed: Feed,
  history: History,
): Promise<number | undefined> {
  if (!/^\d{1,15}$/.test(cursor)) return undefined;
  const rev = Number(cursor);
  if (rev <= feed.rev) return rev;
  const heads = await history.heads([feed.roomId]);
  return rev <= Math.max(feed.rev, heads.get(feed.roomId)?.rev ?? 0) ? rev : undefined;
}

export function resetTo(rev: number): ReplayPage {
  return { changes: [{ cursor: rev, event: { type: 'reset', rev } }], upTo: rev };
}
