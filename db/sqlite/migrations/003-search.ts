import { Migration } from '@mikro-orm/migrations';

/** Two extra characters after each text, so that its last two begin trigrams too. Many Korean words are that short. */
const INDEXED = 'new.text || char(3) || char(3)';

/**
 * A full-text index of the messages' texts. The index stores no text. Its row numbers come from `search_rows`, because
 * SQLite may renumber the rows of `messages` when it packs the file (`vacuum`).
 */
export class Migration003Search extends Migration {
  override up(): void {
    this.addSql(`create table search_rows (
      row integer primary key autoincrement,
      message_id text not null unique references messages (id) on delete cascade
    )`);
    this.addSql(`create virtual table message_search using fts5 (
      text, tokenize = 'trigram', content = '', contentless_delete = 1
    )`);
    this.addSql("create virtual table message_trigrams using fts5vocab ('message_search', 'instance')");
    this.addSql('insert into search_rows (message_id) select id from messages order by created_at, seq');
    this.addSql(`insert into message_search (rowid, text)
      select row, text || char(3) || char(3) from search_rows join messages on messages.id = message_id
      where text is not null`);
    this.addSql(`create trigger messages_search_insert after insert on messages when new.text is not null begin
      insert into search_rows (message_id) values (new.id);
      insert into message_search (rowid, text) values (last_insert_rowid(), ${INDEXED});
    end`);
    this.addSql(`create trigger messages_search_update after update of text on messages
      when new.text is not old.text begin
      delete from message_search where rowid = (select row from search_rows where message_id = new.id);
      insert into message_search (rowid, text)
        select row, ${INDEXED} from search_rows where message_id = new.id and new.text is not null;
    end`);
  }
}
