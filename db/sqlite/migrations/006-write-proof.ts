import { Migration } from '@mikro-orm/migrations';

/** One row. Writing it proves that the database can be written. */
export class Migration006WriteProof extends Migration {
  override up(): void {
    this.addSql(
      'create table if not exists write_proof (id int not null primary key, proven_at bigint not null)',
    );
  }
}
