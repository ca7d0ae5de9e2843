import { DatabaseSync } from 'node:sqlite';
import { type SqliteDatabase, SqliteDialect, type SqliteStatement } from 'kysely';

/** So many statements stay prepared, those that were run last. A few: each holds memory, and most of the ORM's never come again. */
const PREPARED = 16;

/**
 * Node's own SQLite under Kysely. The dialect that MikroORM has for it prepares every statement anew, which for a
 * message takes longer than to run them.
 */
export class EmbeddedSqlite extends SqliteDialect {
  constructor(path: string) {
    super({ database: async () => open(path) });
  }
}

function open(path: string): SqliteDatabase {
  const database = new DatabaseSync(path);
  /** By their text, the one that was run last at the end. */
  const prepared = new Map<string, SqliteStatement>();
  return {
    prepare(sql) {
      const statement = prepared.get(sql) ?? prepare(database, sql);
      prepared.delete(sql);
      prepared.set(sql, statement);
      const [oldest] = prepared.keys();
      if (prepared.size > PREPARED) prepared.delete(oldest as string);
      return statement;
    },
    close: () => database.close(),
  };
}

type Values = Parameters<ReturnType<DatabaseSync['prepare']>['all']>;

function prepare(database: DatabaseSync, sql: string): SqliteStatement {
  const statement = database.prepare(sql);
  return {
    reader: statement.columns().length > 0,
    all: (values) => statement.all(...(values as Values)),
    run: (values) => statement.run(...(values as Values)),
    iterate: (values) => statement.iterate(...(values as Values)),
  };
}
