import type { Role, UserRef } from '../../contract/types.ts';
import { run, type Sql } from './database.ts';

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
