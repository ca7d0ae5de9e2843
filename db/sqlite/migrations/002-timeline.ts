import { Migration } from '@mikro-orm/migrations';

/** Mentions, reactions and read markers. Existing members count as having read everything. */
export class Migration002Timeline extends Migration {
  override up(): void {
    this.addSql('alter table messages add column mentions json null');
    this.addSql('alter table messages add column reactions json null');
    this.addSql('drop index messages_author_id_index');
    this.addSql('create index messages_author_id_room_id_seq_index on messages (author_id, room_id, seq)');
    this.addSql('alter table members add column last_read_seq integer not null default 0');
    this.addSql(
      'update members set last_read_seq = (select last_seq from chat_rooms where id = members.room_id)',
    );
  }
}
