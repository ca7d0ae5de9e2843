import type { MikroORM } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/sql';
import { CompiledQuery, type Kysely } from 'kysely';
import { storeUnavailable } from '../storeUnavailable.ts';

/** Runs plain SQL: on any connection of the pool, or on the connection of a transaction. */
export type Sql = Kysely<unknown>;

/**
 * Runs one statement with bound parameters. The ORM would write the parameters into the text, so that the database must
 * parse each statement anew. With bound parameters SQLite reuses the prepared statement.
 * @returns the rows of a query; nothing for other statements.
 * @throws the driver's error, see `failures/`.
 */
export async function run<Row>(
  sql: Sql,
  statement: string,
  params: readonly (string | number | null)[] = [],
): Promise<Row[]> {
  const { rows } = await sql.executeQuery(CompiledQuery.raw(statement, [...params]));
  return rows as Row[];
}

/** Access to one database: through the ORM, or through plain SQL for the statements of every message and every call. */
export class Database {
  readonly #orm: MikroORM;
  readonly #begin: string;
  #isClosed = false;

  /** @param begin the statement that begins a transaction that will write. */
  constructor(orm: MikroORM, begin: string) {
    this.#orm = orm;
    this.#begin = begin;
  }

  /** A new unit of work, inside `transaction` if given. Calls never share an entity manager. */
  fork(transaction?: Sql): SqlEntityManager {
    const em = this.#manager().fork();
    if (transaction) em.setTransactionContext(transaction as Parameters<typeof em.setTransactionContext>[0]);
    return em;
  }

  get sql(): Sql {
    return this.#manager().getConnection().getClient();
  }

  /**
   * Runs `work` in one transaction, without the ORM's unit of work, which costs as much as a message's statements.
   * @throws the first error. A failed rollback is ignored: on a broken connection or a full disk the database has rolled
   *   back by itself.
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
    // MikroORM would connect again, and nothing would close the new connection.
    if (this.#isClosed) throw storeUnavailable();
    return this.#orm.em as SqlEntityManager;
  }
}
