import { AppError, notMember } from '../../contract/errors.ts';
import type { Role, Room, UserRef } from '../../contract/types.ts';
import type { Store } from '../../db/store.ts';

/**
 * The one rule of membership. Every call and every subscription asks it, and nothing else decides who may see a room. For
 * a change of the timeline, the store checks the membership in the same commit; if it refuses, this rule finds the
 * reason.
 */
export type Access = {
  /** @throws AppError NOT_FOUND if the room does not exist, or is private and the user is not in it. */
  visible: (user: UserRef, roomId: string) => Promise<Room>;
  /** @throws AppError NOT_FOUND as `visible`, FORBIDDEN if the user has not joined the room. */
  member: (user: UserRef, roomId: string) => Promise<Role>;
  /** @throws AppError as `member`, FORBIDDEN if the user does not own the room. */
  owner: (user: UserRef, roomId: string) => Promise<void>;
};

export function createAccess(store: Pick<Store, 'findRole' | 'findRoom'>): Access {
  const visible: Access['visible'] = async (user, roomId) => {
    const room = await store.findRoom(roomId, user.id);
    if (!room || (room.visibility === 'private' && room.role === null)) {
      throw new AppError('NOT_FOUND', 'room_unknown', 'There is no such room.');
    }
    return room;
  };

  const member: Access['member'] = async (user, roomId) => {
    const role = await store.findRole(roomId, user.id);
    if (role) return role;
    await visible(user, roomId);
    throw notMember();
  };

  const owner: Access['owner'] = async (user, roomId) => {
    if ((await member(user, roomId)) === 'owner') return;
    throw new AppError('FORBIDDEN', 'not_owner', 'Only the owner of the room can do this.');
  };

  return { visible, member, owner };
}
