import { isRaw, Utils } from '@mikro-orm/core';
import { type AbstractSqlConnection, NativeQueryBuilder } from '@mikro-orm/sql';
import { CompiledQuery, type Kysely, type QueryResult } from 'kysely';

type BoundQuery = { sql: string; params: unknown[] };

/** The arguments of the ORM's `execute` that are used here. The fifth one is about the ORM's own log. */
export type BoundArguments = [
  query: Parameters<AbstractSqlConnection['execute']>[0],
  params?: unknown[] | Record<string, unknown>,
  method?: 'all' | 'get' | 'run',
  ctx?: Parameters<AbstractSqlConnection['execute']>[3],
];

/**
 * Runs one of the ORM's queries with bound parameters. The ORM itself would write them into the text, escaped for a
 * server with default settings: elsewhere texts would be altered, and could end the string they stand in.
 * @param toValue converts a time to what its columns contain.
 * @throws the driver's error, see `failures/`.
 */
export function executeBound(
  client: Pick<Kysely<unknown>, 'executeQuery'>,
  query: BoundArguments[0],
  params: BoundArguments[1],
  toValue: (value: unknown) => unknown,
): Promise<QueryResult<unknown>> {
  const asked = query instanceof NativeQueryBuilder ? query.toRaw() : query;
  if (params !== undefined && !Array.isArray(params)) throw new Error('Parameters must have no names.');
  const bound = isRaw(asked)
    ? bindQuery(asked.sql, asked.params, toValue)
    : bindQuery(asked as string, params ?? [], toValue);
  return client.executeQuery(CompiledQuery.raw(bound.sql, bound.params));
}

function bindQuery(
  sql: string,
  params: readonly unknown[],
  toValue: (value: unknown) => unknown,
): BoundQuery {
  const bound: unknown[] = [];
  let next = 0;
  const text = sql.replaceAll(/\\\?|\?\??/g, (mark) => {
    // Without parameters a question mark is a part of the text.
    if (mark === '\\?') return '?';
    if (params.length === 0) return mark;
    if (mark === '??') throw new Error('An identifier must not be a parameter.');
    const values = [params[next++]].flat(Number.POSITIVE_INFINITY);
    return values.map((value) => bindValue(value, toValue, bound)).join(', ');
  });
  return { sql: text, params: bound };
}

function bindValue(value: unknown, toValue: (value: unknown) => unknown, bound: unknown[]): string {
  if (isRaw(value)) {
    const inner = bindQuery(value.sql, value.params, toValue);
    bound.push(...inner.params);
    return inner.sql;
  }
  bound.push(toBindable(toValue(value)));
  return '?';
}

/** No driver can bind these. */
function toBindable(value: unknown): unknown {
  if (typeof value === 'boolean') return Number(value);
  if (Utils.isPlainObject(value)) return JSON.stringify(value);
  return value === undefined ? null : value;
}
