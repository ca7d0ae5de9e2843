import type { Role } from '../../contract/types.ts';
import type { Head, MembershipChange, Store } from '../store.ts';
import { type Database, run, type Sql } from './database.ts';
import type { Dialect } from './dialect.ts';
import { MemberEntity } from './entities.ts';
import { readHeads } from './heads.ts';
import { findRole, handOver, keepFormerRole, membersAmong, takeFormerRole } from './memberships.ts';

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
      changeMembership(database, lockHeads, roomId, userId, async (sql, known, { lastSeq }) => {
        if (known) return { changed: false, role: known };
        const role = (await takeFormerRole(sql, roomId, userId)) ?? 'member';
        const member = { room: roomId, user: userId, role, joinedAt, lastReadSeq: lastSeq };
        await database.fork(sql).insert(MemberEntity, member);
        return { changed: true, role };
      }),

    removeMember: (roomId, userId) =>
      changeMembership(database, lockHeads, roomId, userId, async (sql, role) => {
        if (!role) return { changed: false, role: 'member' };
        await run(sql, 'delete from members where room_id = ? and user_id = ?', [roomId, userId]);
        await keepFormerRole(sql, roomId, userId, role);
        const heir = role === 'owner' ? await handOver(sql, roomId) : null;
        return { changed: true, role, ...(heir && { heir }) };
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
  change: (sql: Sql, role: Role | null, head: Head) => Promise<Omit<MembershipChange, 'memberCount'>>,
): Promise<MembershipChange | null> {
  return database.transaction(async (sql) => {
    const head = (await lockHeads(sql, [roomId])).get(roomId);
    if (!head) return null;
    const outcome = await change(sql, await findRole(sql, roomId, userId), head);
    const [members] = await run<{ count: number }>(
      sql,
      'select count(*) as count from members where room_id = ?',
      [roomId],
    );
    const memberCount = Number(members?.count);
    if (outcome.changed)
      await run(sql, 'update chat_rooms set member_count = ? where id = ?', [memberCount, roomId]);
    return { ...outcome, memberCount };
  });
}
