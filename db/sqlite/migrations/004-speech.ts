import { Migration } from '@mikro-orm/migrations';

/** A room's speech settings, and its recognised seconds per day. */
export class Migration004Speech extends Migration {
  override up(): void {
    this.addSql('alter table chat_rooms add column speech json null');
    this.addSql(`create table speech_usage (
      room_id text not null references chat_rooms (id) on delete cascade,
      day text not null,
      seconds real not null,
      primary key (room_id, day)
    )`);
  }
}
