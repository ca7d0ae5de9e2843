import type { SqlEntityManager } from '@mikro-orm/sql';
import { CompiledQuery } from 'kysely';

/**
 * Runs one statement as it is written, in the entity manager's transaction if there is one. `em.execute` writes the
 * parameters into the text, which the database has then never seen before; here they are bound, and SQLite knows the
 * statement already.
 * @returns the rows, of a statement that has any.
 * @throws the driver's error, as the ORM names it.
 */
export async function run<Row>(
  em: SqlEntityManager,
  sql: string,
  params: readonly (string | number | null)[] = [],
): Promise<Row[]> {
  try {
    const { rows } = await em.getKysely().executeQuery(CompiledQuery.raw(sql, [...params]));
    return rows as Row[];
  } catch (error) {
    throw em.getDriver().convertException(error as Error);
  }
}

/**
 * One transaction without the ORM's unit of work, whose copies of the entity manager cost more than a message's
 * statements: what is done through `em` belongs to it, and nothing else is written at its end.
 */
export function inTransaction<T>(
  em: SqlEntityManager,
  work: (em: SqlEntityManager) => Promise<T>,
): Promise<T> {
  return em.getConnection().transactional((transaction) => {
    em.setTransactionContext(transaction);
    return work(em);
  });
}
