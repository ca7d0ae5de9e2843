import type { SqlEntityManager } from '@mikro-orm/sql';
import type { Role } from '../../contract/types.ts';
import type { Head, MembershipChange, Store } from '../store.ts';
import type { Database } from './database.ts';
import type { Dialect } from './dialect.ts';
import { MemberEntity, RoomEntity } from './entities.ts';
import { readHeads } from './heads.ts';
import { findRole, membersAmong } from './memberships.ts';

type MemberMethods = Pick<
  Store,
  'findRole' | 'findMembers' | 'addMember' | 'removeMember' | 'listMembers' | 'markRead'
>;

/**
 * How many users one query asks for. The server asks for the listeners of a room again and again, and a room can have
 * thousands. Other calls run between the queries.
 */
const USERS_PER_QUERY = 250;

export function memberTable(database: Database, { lockHeads }: Dialect): MemberMethods {
  return {
    findRole: (roomId, userId) => findRole(database.sql, roomId, userId),

    async findMembers(roomId, userIds) {
      const members: { userId: string }[] = [];
      for (let i = 0; i < userIds.length; i += USERS_PER_QUERY) {
        const batch = userIds.slice(i, i + USERS_PER_QUERY);
        members.push(...(await membersAmong(database.sql, new Map([[roomId, batch]]))));
      }
      return members.map(({ userId }) => userId);
    },

    addMember: (roomId, userId, joinedAt) =>
      changeMembership(database, lockHeads, roomId, userId, async (em, role, { lastSeq }) => {
        if (role) return { changed: false, role };
        const member = {
          room: roomId,
          user: userId,
          role: 'member',
          joinedAt,
          lastReadSeq: lastSeq,
        } as const;
        await em.insert(MemberEntity, member);
        return { changed: true, role: 'member' };
      }),

    removeMember: (roomId, userId) =>
      changeMembership(database, lockHeads, roomId, userId, async (em, role) => {
        if (!role) return { changed: false, role: 'member' };
        await em.nativeDelete(MemberEntity, { room: roomId, user: userId });
        return { changed: true, role };
      }),

    async listMembers(roomId, { cursor, limit }) {
      const rows = await database
        .fork()
        .find(
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

    async markRead(roomId, userId, seq) {
      const em = database.fork();
      const { lastSeq = 0 } = (await readHeads(database.sql, [roomId])).get(roomId) ?? {};
      const upTo = Math.min(seq, lastSeq);
      const behind = { room: roomId, user: userId, lastReadSeq: { $lt: upTo } };
      const moved = (await em.nativeUpdate(MemberEntity, behind, { lastReadSeq: upTo })) > 0;
      const member = await em.findOne(MemberEntity, { room: roomId, user: userId });
      return member && { seq: member.lastReadSeq, moved };
    },
  };
}

/**
 * Changes one membership and the room's member count, under the room's lock.
 * @param change gets the user's role so far, null for none.
 */
function changeMembership(
  database: Database,
  lockHeads: Dialect['lockHeads'],
  roomId: string,
  userId: string,
  change: (em: SqlEntityManager, role: Role | null, head: Head) => Promise<{ changed: boolean; role: Role }>,
): Promise<MembershipChange | null> {
  return database.transaction(async (sql) => {
    const head = (await lockHeads(sql, [roomId])).get(roomId);
    if (!head) return null;
    const em = database.fork(sql);
    const outcome = await change(em, await findRole(sql, roomId, userId), head);
    const memberCount = await em.count(MemberEntity, { room: roomId });
    if (outcome.changed) await em.nativeUpdate(RoomEntity, { id: roomId }, { memberCount });
    return { ...outcome, memberCount };
  });
}
