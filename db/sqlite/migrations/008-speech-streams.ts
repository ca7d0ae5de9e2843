import { Migration } from '@mikro-orm/migrations';

/** The speech streams of the last days, and how far each is saved. */
export class Migration008SpeechStreams extends Migration {
  override up(): void {
    this.addSql(`create table speech_streams (
      id text not null primary key,
      room_id text not null references chat_rooms (id) on delete cascade,
      user_id text not null references users (id) on delete cascade,
      started_at datetime not null,
      heard_seq integer not null,
      heard_samples integer not null,
      sealed integer not null
    )`);
    this.addSql('create index speech_streams_user_id_index on speech_streams (user_id)');
  }
}
