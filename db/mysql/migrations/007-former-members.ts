import { Migration } from '@mikro-orm/migrations';

const ID = 'char(36) character set ascii collate ascii_bin';

/**
 * The roles of users who left a room, and a new owner for each room whose owners have all left: the longest-standing
 * member. Each statement can run again after a process that died in the middle.
 */
export class Migration007FormerMembers extends Migration {
  override up(): void {
    this.addSql(`create table if not exists former_members (
      room_id ${ID} not null,
      user_id ${ID} not null,
      role varchar(16) not null,
      primary key (room_id, user_id),
      constraint former_members_room_id_foreign foreign key (room_id) references chat_rooms (id) on delete cascade,
      constraint former_members_user_id_foreign foreign key (user_id) references users (id) on delete cascade
    ) engine = InnoDB default character set utf8mb4`);
    this.addSql(`update members join (
      select room_id, user_id, row_number() over (partition by room_id order by joined_at, user_id) as place,
        sum(role = 'owner') over (partition by room_id) as owners
      from members
    ) as ranked on ranked.room_id = members.room_id and ranked.user_id = members.user_id
      set role = 'owner' where place = 1 and owners = 0`);
  }
}
