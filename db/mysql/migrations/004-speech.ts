import { Migration } from '@mikro-orm/migrations';

const ID = 'char(36) character set ascii collate ascii_bin';

/**
 * A room's speech settings, and its recognised seconds per day. As in the first migration, each statement can run again
 * after a process that died in the middle.
 */
export class Migration004Speech extends Migration {
  override async up(): Promise<void> {
    const [present] = await this.execute(
      `select 1 from information_schema.columns where table_schema = database()
        and table_name = 'chat_rooms' and column_name = 'speech'`,
    );
    if (!present) await this.execute('alter table chat_rooms add column speech json null');
    await this.execute(`create table if not exists speech_usage (
      room_id ${ID} not null,
      day date not null,
      seconds double not null,
      primary key (room_id, day),
      constraint speech_usage_room_id_foreign foreign key (room_id) references chat_rooms (id) on delete cascade
    ) engine = InnoDB default character set utf8mb4`);
  }
}
