import { setImmediate } from 'node:timers/promises';
import { AppError } from '../../contract/errors.ts';
import { fold } from '../../contract/fold.ts';
import type { Message } from '../../contract/types.ts';
import type { SearchPlace, Store } from '../../db/store.ts';
import type { Cursored } from './cursored.ts';

export type Search = {
  query: string;
  /** Without it, all rooms that the user has joined are searched. */
  roomId?: string | undefined;
  cursor?: string | undefined;
  limit: number;
};

type SearchedStore = Pick<Store, 'heads' | 'newestInRooms' | 'searchPart' | 'findMessages'>;
type Found = { id: string; place: SearchPlace };
/** How far the search of a room has come: `next` is its newest message that was not read yet. */
type Walk = { roomId: string; next: SearchPlace };

/** A part takes SQLite about half a millisecond, and ten if all its texts have the greatest length. */
const PART_ROWS = 500;
const ROOMS_TOGETHER = 500;
/** One search reads no more messages, and takes no longer. Then it answers what it found, and where to go on. */
const WORK_ROWS = 100_000;
const WORK_MS = 200;
/** The event loop goes on after this time. */
const SLICE_MS = 4;

/**
 * Finds the messages that contain the query, newest first, in parts, so that other work runs in between. Each room is
 * read from its newest message on; over several rooms, the next part is of the room whose unread messages are newest.
 * `nextCursor` is the place of the next hit, or of the first message that was not read. The search always reads at least
 * one part, even if `workMs` is over by then, so that every page makes headway.
 * @param limits `signal` ends the search early, as the work limit does. `workMs`: how long the search may take.
 * @throws AppError BAD_REQUEST for a cursor of another kind of search.
 */
export async function searchMessages(
  store: SearchedStore,
  userId: string,
  { query, roomId, cursor, limit }: Search,
  limits: { signal?: AbortSignal | undefined; workMs?: number } = {},
): Promise<Cursored<Message>> {
  const { signal, workMs = WORK_MS } = limits;
  const folded = fold(query);
  const order = roomId === undefined ? 'id' : 'seq';
  const from = cursor === undefined ? undefined : placeOf(cursor, order);
  const walks = roomId ? await oneWalk(store, roomId, from) : await joinedWalks(store, userId, from);
  const hits: Found[] = [];
  const isOver = workLimit(workMs, signal);
  let newest = newestOf(walks);
  while (newest && settled(hits, newest).length <= limit && !isOver()) {
    const part = { folded, order, from: newest.next, rows: PART_ROWS, limit: limit + 1 } as const;
    const { found, next } = await store.searchPart(newest.roomId, part);
    hits.push(...found);
    if (next === null) walks.delete(newest);
    else newest.next = next;
    newest = newestOf(walks);
  }
  const done = settled(hits, newest).sort((a, b) => (a.place < b.place ? 1 : -1));
  const next = done[limit]?.place ?? newest?.next;
  return {
    items: await readHits(store, done.slice(0, limit), folded),
    nextCursor: next === undefined ? null : String(next),
  };
}

const SEQ = /^[1-9]\d{0,9}$/;

/** A search in one room continues at a seq, and one over all rooms at an id. */
function placeOf(cursor: string, order: 'seq' | 'id'): SearchPlace {
  if (SEQ.test(cursor) !== (order === 'seq')) {
    throw new AppError('BAD_REQUEST', 'invalid_input', 'cursor: Not a cursor of this search.');
  }
  return order === 'seq' ? Number(cursor) : cursor;
}

/** A cursor above the room's last message starts at that message. Else the walk would read millions of empty places. */
async function oneWalk(
  store: SearchedStore,
  roomId: string,
  from: SearchPlace | undefined,
): Promise<Set<Walk>> {
  const { lastSeq = 0 } = (await store.heads([roomId])).get(roomId) ?? {};
  const next = from === undefined ? lastSeq : Math.min(Number(from), lastSeq);
  return new Set(next === 0 ? [] : [{ roomId, next }]);
}

async function joinedWalks(
  store: SearchedStore,
  userId: string,
  from: SearchPlace | undefined,
): Promise<Set<Walk>> {
  const walks = new Set<Walk>();
  const upTo = from === undefined ? undefined : String(from);
  for (let after: string | undefined; ; ) {
    const rooms = await store.newestInRooms(userId, { upTo, after, limit: ROOMS_TOGETHER });
    for (const { roomId, newestId } of rooms) if (newestId) walks.add({ roomId, next: newestId });
    if (rooms.length < ROOMS_TOGETHER) return walks;
    after = rooms.at(-1)?.roomId;
  }
}

function newestOf(walks: Set<Walk>): Walk | undefined {
  let newest: Walk | undefined;
  for (const walk of walks) if (!newest || walk.next > newest.next) newest = walk;
  return newest;
}

/** The hits that are newer than every message that was not read yet. */
function settled(hits: Found[], newestUnread: Walk | undefined): Found[] {
  return newestUnread ? hits.filter(({ place }) => place > newestUnread.next) : hits;
}

function workLimit(workMs: number, signal: AbortSignal | undefined): () => boolean {
  const end = performance.now() + workMs;
  let rows = 0;
  return () => {
    const isOver = signal?.aborted || rows >= WORK_ROWS || (rows > 0 && performance.now() > end);
    rows += PART_ROWS;
    return isOver === true;
  };
}

/**
 * Reads the hits. A message that was edited or removed in the meantime may no longer contain the query. To fold long texts
 * takes long, so the event loop goes on in between.
 */
async function readHits(store: SearchedStore, hits: Found[], folded: string): Promise<Message[]> {
  const found: Message[] = [];
  let sliceEnd = performance.now() + SLICE_MS;
  for (const message of await store.findMessages(hits.map(({ id }) => id))) {
    if (performance.now() > sliceEnd) {
      await setImmediate();
      sliceEnd = performance.now() + SLICE_MS;
    }
    if (message.text !== null && fold(message.text).includes(folded)) found.push(message);
  }
  return found;
}
