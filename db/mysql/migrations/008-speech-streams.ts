import { Migration } from '@mikro-orm/migrations';

const ID = 'char(36) character set ascii collate ascii_bin';

/** The speech streams of the last days, and how far each is saved. */
export class Migration008SpeechStreams extends Migration {
  override up(): void {
    this.addSql(`create table if not exists speech_streams (
      id ${ID} not null primary key,
      room_id ${ID} not null,
      user_id ${ID} not null,
      started_at datetime(3) not null,
      heard_seq int unsigned not null,
      heard_samples int unsigned not null,
      sealed tinyint not null,
      index speech_streams_user_id_index (user_id),
      constraint speech_streams_room_id_foreign foreign key (room_id) references chat_rooms (id) on delete cascade,
      constraint speech_streams_user_id_foreign foreign key (user_id) references users (id) on delete cascade
    ) engine = InnoDB default character set utf8mb4`);
  }
}
