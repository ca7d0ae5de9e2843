import { randomUUIDv7 } from 'node:crypto';
import { AppError } from '../../contract/errors.ts';
import type { Message, Page, User, UserRef } from '../../contract/types.ts';
import type { Change, MessageSearch, Store } from '../../db/store.ts';
import type { Outlet } from '../flow/outlet.ts';
import type { Access } from './access.ts';
import { type Cursored, cursored } from './cursored.ts';
import type { Delivery } from './delivery.ts';
import type { Feeds } from './feeds.ts';
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
export type LivePlace = { roomId: string; cursor?: string | undefined };
export type Search = Omit<MessageSearch, 'words'> & { query: string };

export type Messages = {
  /** Sending the same `clientId` again, for ever, gives back the first message. */
  send: (user: User, draft: Draft) => Promise<Message>;
  edit: (user: User, edit: Place & { text: string; mentions: string[] }) => Promise<Message>;
  /** Leaves a message without content in its place. */
  remove: (user: User, place: Place) => Promise<Message>;
  react: (user: User, reaction: Place & { emoji: string; on: boolean }) => Promise<Message>;
  list: (user: User, roomId: string, page: HistoryPage) => Promise<Page<Message>>;
  /** In one room, or in all that the user has joined; newest first. */
  search: (user: User, search: Search) => Promise<Cursored<Message>>;
  /** What happens in the room after `cursor` (a rev, as delivered); without one, from now on. */
  live: (user: User, place: LivePlace, outlet?: Outlet<Delivery>) => Promise<Subscription>;
};

export function createMessages(store: Store, writer: Writer, feeds: Feeds, access: Access): Messages {
  /** What a message speaks of must be in its room; who does not belong there is not told what is. */
  const mustBeThere = async (user: User, roomId: string, replyTo: string | null, mentions: string[]) => {
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
      // Of a private room a stranger is not even told that it exists.
      if (error instanceof AppError && error.reason === 'not_member') await access.member(user, roomId);
      throw error;
    }
  };

  return {
    async send(user, { roomId, clientId, text, replyTo, mentions }) {
      await mustBeThere(user, roomId, replyTo, mentions);
      const message = {
        ...({ id: randomUUIDv7(), roomId, kind: 'text', clientId, text, replyTo, mentions } as const),
        author: { id: user.id, name: user.name },
        createdAt: new Date().toISOString(),
        speech: null,
      };
      return write(user, roomId, { type: 'append', message });
    },

    async edit(user, edit) {
      await mustBeThere(user, edit.roomId, null, edit.mentions);
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

    async search(user, { query, ...search }) {
      if (search.roomId) await access.member(user, search.roomId);
      const page = { ...search, words: query, limit: search.limit + 1 };
      return cursored(await store.searchMessages(user.id, page), search.limit, ({ id }) => id);
    },

    async live({ id, name }, { roomId, cursor }, outlet) {
      const user: UserRef = { id, name };
      await access.member(user, roomId);
      const subscription = await feeds.subscribe({ user, roomId, cursor, outlet });
      try {
        // Who left the room before we listened is not told so by the bus.
        await access.member(user, roomId);
      } catch (error) {
        await subscription.return();
        throw error;
      }
      return subscription;
    },
  };
}

/** The message at `seq` in the middle of what stands around it; `hasMore` looks back. */
async function listAround(
  store: Pick<Store, 'listMessages'>,
  roomId: string,
  seq: number,
  limit: number,
): Promise<Page<Message>> {
  const back = Math.ceil(limit / 2);
  const [older, newer] = await Promise.all([
    store.listMessages(roomId, { before: seq + 1, limit: back + 1 }),
    back < limit ? store.listMessages(roomId, { after: seq, limit: limit - back }) : [],
  ]);
  return { items: [...older.slice(-back), ...newer], hasMore: older.length > back };
}
