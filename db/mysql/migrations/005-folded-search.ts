import { Migration } from '@mikro-orm/migrations';
import { fillFolded } from '../../sql/foldedText.ts';

/**
 * The folded text of each message, which searches read, instead of the full-text index. The index was over all rooms,
 * MySQL's parser dropped single characters and punctuation, and MariaDB had none. The column holds bytes, so that no
 * collation takes different characters for equal. Room names are folded anew. As in the first migration, each step can
 * run again after a process that died in the middle.
 */
export class Migration005FoldedSearch extends Migration {
  override async up(): Promise<void> {
    if (!(await this.#has('columns', 'column', 'folded'))) {
      await this.execute('alter table messages add column folded mediumblob null');
    }
    if (!(await this.#has('statistics', 'index', 'messages_room_id_id_index'))) {
      await this.execute('create index messages_room_id_id_index on messages (room_id, id)');
    }
    if (await this.#has('statistics', 'index', 'messages_text_fulltext')) {
      await this.execute('drop index messages_text_fulltext on messages');
    }
    await fillFolded(this.driver.getConnection().getClient());
  }

  async #has(view: string, kind: string, name: string): Promise<boolean> {
    const rows = await this.execute(
      `select 1 from information_schema.${view}
        where table_schema = database() and table_name = 'messages' and ${kind}_name = '${name}'`,
    );
    return rows.length > 0;
  }
}
