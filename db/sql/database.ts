import type { MikroORM } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/sql';
import { CompiledQuery, type Kysely } from 'kysely';
import { storeUnavailable } from '../storeUnavailable.ts';

/** Where plain SQL runs: on any connection, or on the one of a transaction. */
export type Sql = Kysely<unknown>;

/**
 * Runs one statement. The ORM would write the parameters into its text, which the database has then never seen before;
 * here they are bound, and SQLite knows the statement already.
 * @returns the rows, of a statement that has any.
 * @throws the driver's error, see `failures.ts`.
 */
export async function run<Row>(
  sql: Sql,
  statement: string,
  params: readonly (string | number | null)[] = [],
): Promise<Row[]> {
  const { rows } = await sql.executeQuery(CompiledQuery.raw(statement, [...params]));
  return rows as Row[];
}

/** One database by its two entrances: the ORM, and plain SQL for what every message and every call ask. */
export class Database {
  readonly #orm: MikroORM;
  readonly #begin: string;
  #isClosed = false;

  /** @param begin the statement that begins a transaction which will write. */
  constructor(orm: MikroORM, begin: string) {
    this.#orm = orm;
    this.#begin = begin;
  }

  /** A fresh unit of work, in a transaction if one is named: entity managers are never shared between calls. */
  fork(transaction?: Sql): SqlEntityManager {
    const em = this.#manager().fork();
    if (transaction) em.setTransactionContext(transaction as Parameters<typeof em.setTransactionContext>[0]);
    return em;
  }

  get sql(): Sql {
    return this.#manager().getConnection().getClient();
  }

  /**
   * One transaction, without the ORM's unit of work around it, which costs as much as a message's statements. What fails
   * it is what is thrown, whatever becomes of the rollback: a broken connection and a full disk have rolled back by
   * themselves.
   */
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return this.sql.connection().execute(async (connection) => {
      await run(connection, this.#begin);
      try {
        const result = await work(connection);
        await run(connection, 'commit');
        return result;
      } catch (error) {
        await run(connection, 'rollback').catch(() => {});
        throw error;
      }
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#orm.close(true);
  }

  #manager(): SqlEntityManager {
    // MikroORM would connect again, and nobody would close that connection.
    if (this.#isClosed) throw storeUnavailable();
    return this.#orm.em as SqlEntityManager;
  }
}
