import { notMember } from '../../contract/errors.ts';
import type { User } from '../../contract/types.ts';
import type { Store } from '../../db/store.ts';
import type { Bus } from '../bus/bus.ts';
import type { Access } from './access.ts';

/** Read markers and typing. Signals take no rev, and a subscriber who was away does not get them later. */
export type Signals = {
  /** Moves the user's read marker forwards, never back and not past the last message. @returns where it stands now. */
  markRead: (user: User, roomId: string, seq: number) => Promise<{ seq: number }>;
  /** Shows the room that the user is typing, or has stopped. */
  typing: (user: User, roomId: string, typing: boolean) => Promise<void>;
};

export function createSignals(store: Pick<Store, 'markRead'>, bus: Bus, access: Access): Signals {
  return {
    async markRead(user, roomId, seq) {
      await access.member(user, roomId);
      const marker = await store.markRead(roomId, user.id, seq);
      if (!marker) throw notMember();
      if (marker.moved) bus.publish(roomId, { type: 'read', userId: user.id, seq: marker.seq });
      return { seq: marker.seq };
    },

    async typing(user, roomId, typing) {
      await access.member(user, roomId);
      bus.publish(roomId, { type: 'typing', user: { id: user.id, name: user.name }, typing });
    },
  };
}
