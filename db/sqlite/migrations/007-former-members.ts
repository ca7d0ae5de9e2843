import { Migration } from '@mikro-orm/migrations';

/**
 * The roles of users who left a room, and a new owner for each room whose owners have all left: the longest-standing
 * member.
 */
export class Migration007FormerMembers extends Migration {
  override up(): void {
    this.addSql(`create table former_members (
      room_id text not null references chat_rooms (id) on delete cascade,
      user_id text not null references users (id) on delete cascade,
      role text not null,
      primary key (room_id, user_id)
    )`);
    this.addSql(`update members set role = 'owner' where (room_id, user_id) in (
      select room_id, user_id from (
        select room_id, user_id, row_number() over (partition by room_id order by joined_at, user_id) as place,
          sum(role = 'owner') over (partition by room_id) as owners
        from members
      ) where place = 1 and owners = 0
    )`);
  }
}
