import { Migration } from '@mikro-orm/migrations';

/**
 * A full-text index over pairs of characters, which finds Korean and parts of words. MariaDB gets no index, because it
 * has no ngram parser. Stop words are off: the parser drops every pair that contains one, and "a" and "i" are stop words.
 */
export class Migration002Search extends Migration {
  override async up(): Promise<void> {
    const [row] = await this.execute('select version() as version');
    if (/mariadb/i.test(row?.version)) return;
    const [present] = await this.execute(
      `select 1 from information_schema.statistics where table_schema = database()
        and table_name = 'messages' and index_name = 'messages_text_fulltext'`,
    );
    if (present) return;
    await this.execute('set session innodb_ft_enable_stopword = off');
    await this.execute('create fulltext index messages_text_fulltext on messages (text) with parser ngram');
  }
}
