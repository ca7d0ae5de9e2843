import { randomUUIDv7 } from 'node:crypto';
import { AppError } from '../../contract/errors.ts';
import type { Member, Room, SpeechSettings, User, Visibility } from '../../contract/types.ts';
import type { RoomChange, Store } from '../../db/store.ts';
import type { Bus } from '../bus/bus.ts';
import type { Access } from './access.ts';
import { type Cursored, cursored } from './cursored.ts';

export type RoomDraft = {
  name: string;
  visibility: Visibility;
  language: string;
  /** Settings that are left out get their default. */
  speech?: Partial<SpeechSettings>;
};

export type Rooms = {
  list: (
    user: User,
    page: { search?: string | undefined; cursor?: string | undefined; limit: number },
  ) => Promise<Cursored<Room>>;
  get: (user: User, roomId: string) => Promise<Room>;
  create: (user: User, room: RoomDraft) => Promise<Room>;
  /** Changes settings; only the owner may. Fields that are left out stay as they are. The room gets the new settings. */
  update: (user: User, roomId: string, change: RoomChange) => Promise<Room>;
  /** Makes the user a member. Joining again changes nothing. */
  join: (user: User, roomId: string) => Promise<Room>;
  /** If the last owner leaves, the longest-standing member becomes owner. A user who returns gets their role back. */
  leave: (user: User, roomId: string) => Promise<void>;
  members: (
    user: User,
    roomId: string,
    page: { cursor?: string | undefined; limit: number },
  ) => Promise<Cursored<Member>>;
};

/** Rooms and their members. Each join and each leave is published to the room over the bus. */
export function createRooms(store: Store, bus: Bus, access: Access): Rooms {
  const announce = (change: 'joined' | 'left', user: User, roomId: string, memberCount: number) =>
    bus.publish(roomId, { type: 'membership', change, user: { id: user.id, name: user.name }, memberCount });

  return {
    async list(user, page) {
      return cursored(
        await store.listRooms(user.id, { ...page, limit: page.limit + 1 }),
        page.limit,
        (room) => room.id,
      );
    },

    get: access.visible,

    async create(user, { speech = {}, ...room }) {
      const id = randomUUIDv7();
      await store.createRoom({ ...room, speech, id, ownerId: user.id, createdAt: new Date() });
      return access.visible(user, id);
    },

    async update(user, roomId, change) {
      await access.owner(user, roomId);
      await store.updateRoom(roomId, change);
      const room = await access.visible(user, roomId);
      const { id, name, language, speech } = room;
      bus.publish(roomId, { type: 'settings', room: { id, name, language, speech } });
      return room;
    },

    async join(user, roomId) {
      await access.visible(user, roomId);
      const membership = await store.addMember(roomId, user.id, new Date());
      if (!membership) throw new AppError('NOT_FOUND', 'room_unknown', 'There is no such room.');
      if (membership.changed) announce('joined', user, roomId, membership.memberCount);
      return access.visible(user, roomId);
    },

    async leave(user, roomId) {
      await access.visible(user, roomId);
      const membership = await store.removeMember(roomId, user.id);
      if (!membership?.changed) return;
      announce('left', user, roomId, membership.memberCount);
      const { heir } = membership;
      if (heir) bus.publish(roomId, { type: 'role', user: heir, role: 'owner' });
    },

    async members(user, roomId, page) {
      await access.member(user, roomId);
      const members = await store.listMembers(roomId, { ...page, limit: page.limit + 1 });
      return cursored(members, page.limit, (member) => member.user.id);
    },
  };
}
