import { type InferEntity, raw } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/sql';
import type { Role, Room } from '../server/contract/types.ts';
import { MemberEntity, RoomEntity } from './entities.ts';
import type { Fork } from './sqlStore.ts';
import type { MembershipChange, RoomsPage, Store } from './store.ts';

type RoomMethods = Pick<
  Store,
  | 'createRoom'
  | 'findRoom'
  | 'listRooms'
  | 'heads'
  | 'findRole'
  | 'addMember'
  | 'removeMember'
  | 'listMembers'
>;

export function roomTable(fork: Fork): RoomMethods {
  return {
    async createRoom({ ownerId, ...room }) {
      await fork().transactional(async (em) => {
        await em.insert(RoomEntity, {
          ...room,
          foldedName: fold(room.name),
          archivedAt: null,
          lastSeq: 0,
          rev: 0,
          memberCount: 1,
        });
        await em.insert(MemberEntity, {
          room: room.id,
          user: ownerId,
          role: 'owner',
          joinedAt: room.createdAt,
        });
      });
    },

    async findRoom(roomId, userId) {
      const em = fork();
      const row = await em.findOne(RoomEntity, { id: roomId });
      return row && toRoom(row, await findRole(em, roomId, userId));
    },

    async listRooms(userId, page) {
      const em = fork();
      const rows = await em.find(RoomEntity, visibleTo(userId, page), {
        orderBy: { id: 'desc' },
        limit: page.limit,
      });
      const own = await em.find(MemberEntity, { user: userId, room: { $in: rows.map((row) => row.id) } });
      const roles = new Map(own.map((member) => [member.room.id, member.role]));
      return rows.map((row) => toRoom(row, roles.get(row.id) ?? null));
    },

    async heads(roomIds) {
      const rows = await fork().find(
        RoomEntity,
        { id: { $in: roomIds } },
        { fields: ['id', 'lastSeq', 'rev'] },
      );
      return new Map(rows.map((row) => [row.id, { lastSeq: row.lastSeq, rev: row.rev }]));
    },

    findRole: (roomId, userId) => findRole(fork(), roomId, userId),

    addMember: (roomId, userId, joinedAt) =>
      changeMembership(fork(), roomId, userId, async (em, role) => {
        if (role) return { changed: false, role };
        await em.insert(MemberEntity, { room: roomId, user: userId, role: 'member', joinedAt });
        return { changed: true, role: 'member' };
      }),

    removeMember: (roomId, userId) =>
      changeMembership(fork(), roomId, userId, async (em, role) => {
        if (!role) return { changed: false, role: 'member' };
        await em.nativeDelete(MemberEntity, { room: roomId, user: userId });
        return { changed: true, role };
      }),

    async listMembers(roomId, { cursor, limit }) {
      const rows = await fork().find(
        MemberEntity,
        { room: roomId, ...(cursor && { user: { $gt: cursor } }) },
        { populate: ['user'], orderBy: { user: 'asc' }, limit },
      );
      return rows.map((row) => ({
        user: { id: row.user.id, name: row.user.name },
        role: row.role,
        joinedAt: row.joinedAt.toISOString(),
      }));
    },
  };
}

/**
 * Takes the rooms' row locks, in id order. An update that changes nothing does so on every database; on SQLite it
 * also makes the transaction a writing one from its first statement, so that it waits for its turn instead of failing.
 */
export async function lockRooms(em: SqlEntityManager, roomIds: string[]): Promise<void> {
  await em.nativeUpdate(RoomEntity, { id: { $in: [...roomIds].sort() } }, { rev: raw('rev') });
}

function visibleTo(userId: string, { search, cursor }: RoomsPage) {
  return {
    archivedAt: null,
    $or: [{ visibility: 'public' as const }, { members: { $some: { user: userId } } }],
    ...(cursor && { id: { $lt: cursor } }),
    // As a whole condition: in the form `{ [raw(…)]: { $gt: 0 } }` a question mark in the search is taken for a parameter.
    ...(search && { [raw('instr(folded_name, ?) > 0', [fold(search)])]: [] }),
  };
}

/** Upper and lower case are the same, and so are the ways to write one character, such as a Korean syllable. */
function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}

async function findRole(em: SqlEntityManager, roomId: string, userId: string): Promise<Role | null> {
  const member = await em.findOne(MemberEntity, { room: roomId, user: userId });
  return member?.role ?? null;
}

/** Changes who belongs to a room together with its count, under the room's lock. */
function changeMembership(
  fork: SqlEntityManager,
  roomId: string,
  userId: string,
  change: (em: SqlEntityManager, role: Role | null) => Promise<{ changed: boolean; role: Role }>,
): Promise<MembershipChange | null> {
  return fork.transactional(async (em) => {
    await lockRooms(em, [roomId]);
    const room = await em.findOne(RoomEntity, { id: roomId });
    if (!room) return null;
    const outcome = await change(em, await findRole(em, roomId, userId));
    if (!outcome.changed) return { ...outcome, memberCount: room.memberCount };
    const memberCount = await em.count(MemberEntity, { room: roomId });
    await em.nativeUpdate(RoomEntity, { id: roomId }, { memberCount });
    return { ...outcome, memberCount };
  });
}

function toRoom(row: InferEntity<typeof RoomEntity>, role: Role | null): Room {
  return {
    id: row.id,
    name: row.name,
    visibility: row.visibility,
    language: row.language,
    createdAt: row.createdAt.toISOString(),
    archivedAt: row.archivedAt?.toISOString() ?? null,
    lastSeq: row.lastSeq,
    rev: row.rev,
    memberCount: row.memberCount,
    role,
    unread: null,
  };
}
