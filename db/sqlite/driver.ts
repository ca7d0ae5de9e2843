import { DatabaseSync } from 'node:sqlite';
import type { Configuration } from '@mikro-orm/core';
import { BaseSqliteConnection, SqliteDriver } from '@mikro-orm/sql';
import { type SqliteDatabase, SqliteDialect, type SqliteStatement } from 'kysely';
import { type BoundArguments, executeBound } from '../sql/boundQuery.ts';

/** How many statements stay prepared. Few, because each takes memory. */
const PREPARED_MAX = 16;

/** The ORM's driver, with bound parameters. */
export class BoundSqliteDriver extends SqliteDriver {
  override readonly connection: BoundConnection;

  constructor(config: Configuration) {
    super(config);
    this.connection = new BoundConnection(config);
  }
}

class BoundConnection extends BaseSqliteConnection {
  override async execute<T>(...[query, params, method = 'all', ctx]: BoundArguments): Promise<T> {
    await this.ensureConnection();
    const result = await executeBound(ctx ?? this.getClient(), query, params, toValue);
    return this.transformRawResult(result, method);
  }
}

/** Times are milliseconds since 1970. */
function toValue(value: unknown): unknown {
  return value instanceof Date ? value.getTime() : value;
}

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
