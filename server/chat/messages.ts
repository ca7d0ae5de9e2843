import { AppError } from '../../contract/errors.ts';
import type { Message, Page, User, UserRef } from '../../contract/types.ts';
import type { Change, Store } from '../../db/store.ts';
import type { Outlet } from '../flow/outlet.ts';
import type { Turn } from '../flow/work.ts';
import type { Access } from './access.ts';
import type { Cursored } from './cursored.ts';
import type { Delivery } from './delivery.ts';
import type { Feeds } from './feeds.ts';
import { nextMessageId } from './messageId.ts';
import { type Search, searchMessages } from './search.ts';
import type { Subscription } from './subscription.ts';
import type { Writer } from './writer.ts';

type Place = { roomId: string; messageId: string };
export type Draft = {
  roomId: string;
  clientId: string;
  text: string;
  replyTo: string | null;
  mentions: string[];
};
export type HistoryPage = {
  before?: number | undefined;
  after?: number | undefined;
  around?: number | undefined;
  limit: number;
};
/** `turn`: the turns in which a replay reads the store. */
export type LivePlace = { roomId: string; cursor?: string | undefined; turn?: Turn | undefined };

export type Messages = {
  /** Sending the same `clientId` again, for ever, gives back the first message. */
  send: (user: User, draft: Draft) => Promise<Message>;
  edit: (user: User, edit: Place & { text: string; mentions: string[] }) => Promise<Message>;
  /** Empties the message; an entry without content stays in its place. */
  remove: (user: User, place: Place) => Promise<Message>;
  react: (user: User, reaction: Place & { emoji: string; on: boolean }) => Promise<Message>;
  list: (user: User, roomId: string, page: HistoryPage) => Promise<Page<Message>>;
  /**
   * Searches one room, or all rooms that the user has joined. Newest first. At its work limit, or when `signal` aborts,
   * it answers what it found so far, which may be nothing, with a cursor to go on.
   */
  search: (user: User, search: Search, signal?: AbortSignal) => Promise<Cursored<Message>>;
  /** Subscribes to the room's events after `cursor` (the rev of a delivery), or from now on if there is no cursor. */
  live: (user: User, place: LivePlace, outlet?: Outlet<Delivery>) => Promise<Subscription>;
};

export function createMessages(store: Store, writer: Writer, feeds: Feeds, access: Access): Messages {
  /** Replies and mentions must be of the same room. Only a member may learn whether they are. */
  const checkReferences = async (user: User, roomId: string, replyTo: string | null, mentions: string[]) => {
    if (replyTo === null && mentions.length === 0) return;
    await access.member(user, roomId);
    if (replyTo !== null && !(await store.findMessage(roomId, replyTo))) {
      throw new AppError('BAD_REQUEST', 'reply_unknown', 'The message you reply to is not in this room.');
    }
    if (mentions.length === 0) return;
    const members = new Set(await store.findMembers(roomId, mentions));
    if (mentions.every((userId) => members.has(userId))) return;
    throw new AppError('BAD_REQUEST', 'mention_unknown', 'Only members of the room can be mentioned.');
  };

  const write = async (user: User, roomId: string, change: Change) => {
    try {
      return await writer.write({ ...change, ifMember: user.id });
    } catch (error) {
      // A stranger must not learn that a private room exists: `member` answers NOT_FOUND there.
      if (error instanceof AppError && error.reason === 'not_member') await access.member(user, roomId);
      throw error;
    }
  };

  return {
    async send(user, { roomId, clientId, text, replyTo, mentions }) {
      await checkReferences(user, roomId, replyTo, mentions);
      const message = {
        ...({ id: nextMessageId(), roomId, kind: 'text', clientId, text, replyTo, mentions } as const),
        author: { id: user.id, name: user.name },
        createdAt: new Date().toISOString(),
        speech: null,
      };
      return write(user, roomId, { type: 'append', message });
    },

    async edit(user, edit) {
      await checkReferences(user, edit.roomId, null, edit.mentions);
      return write(user, edit.roomId, { type: 'edit', by: user.id, at: new Date().toISOString(), ...edit });
    },

    remove: (user, place) =>
      write(user, place.roomId, { type: 'remove', by: user.id, at: new Date().toISOString(), ...place }),

    react: (user, reaction) => write(user, reaction.roomId, { type: 'react', by: user.id, ...reaction }),

    async list(user, roomId, { around, limit, ...page }) {
      await access.member(user, roomId);
      if (around !== undefined) return listAround(store, roomId, around, limit);
      const messages = await store.listMessages(roomId, { ...page, limit: limit + 1 });
      const forwards = page.after !== undefined;
      const items = forwards ? messages.slice(0, limit) : messages.slice(-limit);
      return { items, hasMore: messages.length > limit };
    },

    async search(user, search, signal) {
      if (search.roomId) await access.member(user, search.roomId);
      return searchMessages(store, user.id, search, { signal });
    },

    async live({ id, name }, { roomId, ...place }, outlet) {
      const user: UserRef = { id, name };
      await access.member(user, roomId);
      const subscription = await feeds.subscribe({ user, roomId, ...place, outlet });
      try {
        // The user may have left before we subscribed to the bus. Then no event reports it.
        await access.member(user, roomId);
      } catch (error) {
        await subscription.return();
        throw error;
      }
      return subscription;
    },
  };
}

/** A page with the message at `seq` in its middle. `hasMore` says whether there are older messages. */
async function listAround(
  store: Pick<Store, 'listMessages'>,
  roomId: string,
  seq: number,
  limit: number,
): Promise<Page<Message>> {
  const olderCount = Math.ceil(limit / 2);
  const [older, newer] = await Promise.all([
    store.listMessages(roomId, { before: seq + 1, limit: olderCount + 1 }),
    olderCount < limit ? store.listMessages(roomId, { after: seq, limit: limit - olderCount }) : [],
  ]);
  return { items: [...older.slice(-olderCount), ...newer], hasMore: older.length > olderCount };
}
