import { Migration } from '@mikro-orm/migrations';

/** Users, rooms, members and messages. Times are milliseconds since 1970. */
export class Migration001Rooms extends Migration {
  override up(): void {
    this.addSql(`create table users (
      id text not null primary key,
      name text not null,
      kind text not null check (kind in ('guest', 'member', 'service')),
      created_at datetime not null
    )`);
    this.addSql(`create table chat_rooms (
      id text not null primary key,
      name text not null,
      folded_name text not null,
      visibility text not null check (visibility in ('public', 'private')),
      language text not null,
      created_at datetime not null,
      archived_at datetime null,
      last_seq integer not null,
      rev integer not null,
      member_count integer not null
    )`);
    this.addSql(`create table members (
      room_id text not null references chat_rooms (id) on delete cascade,
      user_id text not null references users (id) on delete cascade,
      role text not null check (role in ('owner', 'member')),
      joined_at datetime not null,
      primary key (room_id, user_id)
    )`);
    this.addSql('create index members_user_id_index on members (user_id)');
    this.addSql(`create table messages (
      id text not null primary key,
      room_id text not null references chat_rooms (id),
      seq integer not null,
      rev integer not null,
      kind text not null check (kind in ('text', 'speech')),
      author_id text not null references users (id),
      client_id text null,
      text text null,
      reply_to text null,
      created_at datetime not null,
      edited_at datetime null,
      deleted_at datetime null,
      spoken_at datetime null,
      speech json null
    )`);
    this.addSql('create unique index messages_room_id_seq_unique on messages (room_id, seq)');
    this.addSql('create unique index messages_room_id_rev_unique on messages (room_id, rev)');
    this.addSql(
      'create unique index messages_room_id_author_id_client_id_unique on messages (room_id, author_id, client_id)',
    );
    this.addSql('create index messages_author_id_index on messages (author_id)');
    this.addSql('create index messages_room_id_spoken_at_index on messages (room_id, spoken_at)');
  }
}
