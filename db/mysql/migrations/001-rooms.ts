import { Migration } from '@mikro-orm/migrations';

const ID = 'char(36) character set ascii collate ascii_bin';
const TABLE = 'engine = InnoDB default character set utf8mb4';

/**
 * Users, rooms, members and messages, in SQL for both MySQL 8.0 and MariaDB 10.11. Ids and folded names are compared byte
 * by byte, because the default collations of MySQL and MariaDB fold by different rules. A transaction cannot roll back
 * these statements, so each can run again after a process that died in the middle.
 */
export class Migration001Rooms extends Migration {
  override up(): void {
    this.addSql(`create table if not exists users (
      id ${ID} not null primary key,
      name varchar(160) not null,
      kind enum('guest', 'member', 'service') not null,
      created_at datetime(3) not null
    ) ${TABLE}`);
    this.addSql(`create table if not exists chat_rooms (
      id ${ID} not null primary key,
      name varchar(320) not null,
      folded_name text character set utf8mb4 collate utf8mb4_bin not null,
      visibility enum('public', 'private') not null,
      language varchar(35) not null,
      created_at datetime(3) not null,
      archived_at datetime(3) null,
      last_seq int unsigned not null,
      rev int unsigned not null,
      member_count int unsigned not null
    ) ${TABLE}`);
    this.addSql(`create table if not exists members (
      room_id ${ID} not null,
      user_id ${ID} not null,
      role enum('owner', 'member') not null,
      joined_at datetime(3) not null,
      last_read_seq int unsigned not null,
      primary key (room_id, user_id),
      index members_user_id_index (user_id),
      constraint members_room_id_foreign foreign key (room_id) references chat_rooms (id) on delete cascade,
      constraint members_user_id_foreign foreign key (user_id) references users (id) on delete cascade
    ) ${TABLE}`);
    this.addSql(`create table if not exists messages (
      id ${ID} not null primary key,
      room_id ${ID} not null,
      seq int unsigned not null,
      rev int unsigned not null,
      kind enum('text', 'speech') not null,
      author_id ${ID} not null,
      client_id ${ID} null,
      text text null,
      reply_to ${ID} null,
      mentions json null,
      reactions json null,
      created_at datetime(3) not null,
      edited_at datetime(3) null,
      deleted_at datetime(3) null,
      spoken_at datetime(3) null,
      speech json null,
      unique index messages_room_id_seq_unique (room_id, seq),
      unique index messages_room_id_rev_unique (room_id, rev),
      unique index messages_room_id_author_id_client_id_unique (room_id, author_id, client_id),
      index messages_author_id_room_id_seq_index (author_id, room_id, seq),
      index messages_room_id_spoken_at_index (room_id, spoken_at),
      constraint messages_room_id_foreign foreign key (room_id) references chat_rooms (id),
      constraint messages_author_id_foreign foreign key (author_id) references users (id)
    ) ${TABLE}`);
  }
}
