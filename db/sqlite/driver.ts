import { DatabaseSync } from 'node:sqlite';
import { type SqliteDatabase, SqliteDialect, type SqliteStatement } from 'kysely';

/** How many statements stay prepared. Few: each takes memory, and most statements of the ORM run only once. */
const PREPARED_MAX = 16;

/**
 * Node's own SQLite under Kysely. MikroORM's dialect for it prepares every statement anew. For a message, that takes
 * longer than running the statements.
 */
export class EmbeddedSqlite extends SqliteDialect {
  constructor(path: string) {
    super({ database: async () => open(path) });
  }
}

function open(path: string): SqliteDatabase {
  const database = new DatabaseSync(path);
  /** By their text. The most recently used one is the last. */
  const prepared = new Map<string, SqliteStatement>();
  return {
    prepare(sql) {
      const statement = prepared.get(sql) ?? prepare(database, sql);
      prepared.delete(sql);
      prepared.set(sql, statement);
      const [oldest] = prepared.keys();
      if (prepared.size > PREPARED_MAX) prepared.delete(oldest as string);
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
