import type { Role, UserRef } from '../../contract/types.ts';
import { run, type Sql } from './database.ts';
import type { Dialect } from './dialect.ts';

// Plain SQL without the ORM: every call asks for a role, and the ORM's unit of work took over 100 ms of the event loop
// for a thousand members.

/** A user's role in a room, and the seq up to which they know its messages. */
export type Membership = { role: Role; knownSeq: number };

export async function findRole(sql: Sql, roomId: string, userId: string): Promise<Role | null> {
  const [member] = await run<{ role: Role }>(
    sql,
    'select role from members where room_id = ? and user_id = ?',
    [roomId, userId],
  );
  return member?.role ?? null;
}

/**
 * The user's memberships in these rooms, by room id. A user knows a room up to the last message that they read or wrote.
 */
export async function membershipsOf(
  sql: Sql,
  { indexHint }: Dialect,
  userId: string,
  roomIds: string[],
): Promise<Map<string, Membership>> {
  if (roomIds.length === 0) return new Map();
  const members = await run<{ room: string; role: Role; readSeq: number; writtenSeq: number | null }>(
    sql,
    `select room_id as room, role, last_read_seq as readSeq,
        (select seq from messages ${indexHint('messages_author_id_room_id_seq_index')}
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

/**
 * The members among these users.
 * @param userIdsByRoom the users to look for, by room id.
 */
export async function membersAmong(
  sql: Sql,
  userIdsByRoom: Map<string, string[]>,
): Promise<{ roomId: string; userId: string }[]> {
  const asked = [...userIdsByRoom].filter(([, userIds]) => userIds.length > 0);
  if (asked.length === 0) return [];
  const conditions = asked.map(
    ([, userIds]) => `(room_id = ? and user_id in (${userIds.map(() => '?').join(', ')}))`,
  );
  return run(
    sql,
    `select room_id as roomId, user_id as userId from members where ${conditions.join(' or ')}`,
    asked.flatMap(([roomId, userIds]) => [roomId, ...userIds]),
  );
}

// A leaver gets their role back when they return. All of this runs under the room's lock.

export async function keepFormerRole(sql: Sql, roomId: string, userId: string, role: Role): Promise<void> {
  await run(sql, 'insert into former_members (room_id, user_id, role) values (?, ?, ?)', [
    ...[roomId, userId, role],
  ]);
}

/** @returns the role that the user had when they left the room; null if they were never in it. */
export async function takeFormerRole(sql: Sql, roomId: string, userId: string): Promise<Role | null> {
  const key = [roomId, userId];
  const [former] = await run<{ role: Role }>(
    sql,
    'select role from former_members where room_id = ? and user_id = ?',
    key,
  );
  if (former) await run(sql, 'delete from former_members where room_id = ? and user_id = ?', key);
  return former?.role ?? null;
}

/**
 * Makes the longest-standing member the owner of a room whose owners have all left.
 * @returns the new owner; null if the room still has an owner, or is empty.
 */
export async function handOver(sql: Sql, roomId: string): Promise<UserRef | null> {
  const [first] = await run<UserRef & { role: Role }>(
    sql,
    `select users.id, users.name, members.role from members join users on users.id = members.user_id
      where room_id = ? order by case role when 'owner' then 0 else 1 end, joined_at, user_id limit 1`,
    [roomId],
  );
  if (!first || first.role === 'owner') return null;
  const { id, name } = first;
  await run(sql, "update members set role = 'owner' where room_id = ? and user_id = ?", [roomId, id]);
  return { id, name };
}
