import type { SqlEntityManager } from '@mikro-orm/sql';
import type { Role } from '../../contract/types.ts';
import type { Head, MembershipChange, Store } from '../store.ts';
import { type Database, run, type Sql } from './database.ts';
import type { Dialect } from './dialect.ts';
import { MemberEntity, RoomEntity } from './entities.ts';
import { readHeads } from './heads.ts';

type MemberMethods = Pick<
  Store,
  'findRole' | 'findMembers' | 'addMember' | 'removeMember' | 'listMembers' | 'markRead'
>;

export function memberTable(database: Database, { lockHeads }: Dialect): MemberMethods {
  return {
    findRole: (roomId, userId) => findRole(database.sql, roomId, userId),

    async findMembers(roomId, userIds) {
      const members: { userId: string }[] = [];
      for (let i = 0; i < userIds.length; i += AT_ONCE) {
        const some = userIds.slice(i, i + AT_ONCE);
        members.push(...(await membersAmong(database.sql, new Map([[roomId, some]]))));
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

/** Whoever listens is asked about again and again, a room of thousands too: nobody else should have to wait for that. */
const AT_ONCE = 250;

/**
 * Which of these users belong to the rooms they are asked about. Without the ORM's unit of work: for a thousand
 * listeners it took over 100 ms, in which nothing else runs.
 */
export async function membersAmong(
  sql: Sql,
  userIdsByRoom: Map<string, string[]>,
): Promise<{ roomId: string; userId: string }[]> {
  const asked = [...userIdsByRoom].filter(([, userIds]) => userIds.length > 0);
  if (asked.length === 0) return [];
  const rooms = asked.map(
    ([, userIds]) => `(room_id = ? and user_id in (${userIds.map(() => '?').join(', ')}))`,
  );
  return run(
    sql,
    `select room_id as roomId, user_id as userId from members where ${rooms.join(' or ')}`,
    asked.flatMap(([roomId, userIds]) => [roomId, ...userIds]),
  );
}

/** What somebody is in a room, and up to which message they know it. */
export type Membership = { role: Role; knownSeq: number };

/** The user's memberships in these rooms, by room. Whoever writes a message knows what came before it. */
export async function membershipsOf(
  sql: Sql,
  { by }: Dialect,
  userId: string,
  roomIds: string[],
): Promise<Map<string, Membership>> {
  if (roomIds.length === 0) return new Map();
  const members = await run<{ room: string; role: Role; readSeq: number; writtenSeq: number | null }>(
    sql,
    `select room_id as room, role, last_read_seq as readSeq,
        (select seq from messages ${by('messages_author_id_room_id_seq_index')}
          where author_id = members.user_id and room_id = members.room_id order by seq desc limit 1) as writtenSeq
      from members where user_id = ? and room_id in (${roomIds.map(() => '?').join(', ')})`,
    [userId, ...roomIds],
  );
  return new Map(
    members.map(({ room, role, readSeq, writtenSeq }) => [
      room,
      { role, knownSeq: Math.max(readSeq, writtenSeq ?? 0) },
    ]),
  );
}

/** Without the ORM's unit of work: every call asks this. */
async function findRole(sql: Sql, roomId: string, userId: string): Promise<Role | null> {
  const [member] = await run<{ role: Role }>(
    sql,
    'select role from members where room_id = ? and user_id = ?',
    [roomId, userId],
  );
  return member?.role ?? null;
}

/** Changes who belongs to a room together with its count, under the room's lock. */
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
