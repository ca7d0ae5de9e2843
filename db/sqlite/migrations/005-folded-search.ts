import { Migration } from '@mikro-orm/migrations';
import { fillFolded } from '../../sql/foldedText.ts';

/**
 * The folded text of each message, which searches read, instead of the full-text index. The index was over all rooms and
 * folded by rules of its own. Room names are folded anew. All migrations are one transaction: if the process dies in the
 * middle, the next start begins again.
 */
export class Migration005FoldedSearch extends Migration {
  override async up(): Promise<void> {
    await this.execute('drop trigger messages_search_insert');
    await this.execute('drop trigger messages_search_update');
    await this.execute('drop table message_trigrams');
    await this.execute('drop table message_search');
    await this.execute('drop table search_rows');
    await this.execute('alter table messages add column folded text null');
    await this.execute('create index messages_room_id_id_index on messages (room_id, id)');
    await this.execute('drop index members_user_id_index');
    await this.execute('create index members_user_id_room_id_index on members (user_id, room_id)');
    await fillFolded(this.driver.getConnection().getClient());
  }
}
