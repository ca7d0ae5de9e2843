import { randomUUIDv7 } from 'node:crypto';
import type { Store } from '../../db/store.ts';
import type { Message, Page, User } from '../contract/types.ts';
import { AppError } from '../errors.ts';
import type { Access } from './access.ts';
import type { Feeds } from './feeds.ts';
import type { Subscription } from './subscription.ts';
import type { Writer } from './writer.ts';

export type Draft = { roomId: string; clientId: string; text: string; replyTo: string | null };
export type HistoryPage = { before?: number | undefined; after?: number | undefined; limit: number };

export type Messages = {
  /** Sending the same `clientId` again, for ever, gives back the first message. */
  send: (user: User, draft: Draft) => Promise<Message>;
  list: (user: User, roomId: string, page: HistoryPage) => Promise<Page<Message>>;
  /** What happens in the room after `cursor` (a rev, as delivered); without one, from now on. */
  live: (user: User, roomId: string, cursor: string | undefined) => Promise<Subscription>;
};

export function createMessages(store: Store, writer: Writer, feeds: Feeds, access: Access): Messages {
  return {
    async send(user, { roomId, clientId, text, replyTo }) {
      await access.member(user, roomId);
      if (replyTo && !(await store.findMessage(roomId, replyTo))) {
        throw new AppError('BAD_REQUEST', 'reply_unknown', 'The message you reply to is not in this room.');
      }
      return writer.write({
        type: 'append',
        message: {
          id: randomUUIDv7(),
          roomId,
          kind: 'text',
          author: { id: user.id, name: user.name },
          clientId,
          text,
          replyTo,
          mentions: [],
          createdAt: new Date().toISOString(),
          speech: null,
        },
      });
    },

    async list(user, roomId, page) {
      await access.member(user, roomId);
      const messages = await store.listMessages(roomId, { ...page, limit: page.limit + 1 });
      const forwards = page.after !== undefined;
      const items = forwards ? messages.slice(0, page.limit) : messages.slice(-page.limit);
      return { items, hasMore: messages.length > page.limit };
    },

    async live(user, roomId, cursor) {
      await access.member(user, roomId);
      const subscription = await feeds.subscribe({ id: user.id, name: user.name }, roomId, cursor);
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
