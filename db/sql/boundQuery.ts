import { isRaw } from '@mikro-orm/core';

export type BoundQuery = { sql: string; params: unknown[] };

/**
 * Keeps the parameters of one of the ORM's queries apart from its text. The ORM itself would write them into the text,
 * escaped for a server with default settings: elsewhere texts would be altered, and could end the string they stand in.
 * @param toValue converts what a driver cannot bind: dates, objects, booleans.
 */
export function bindQuery(
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
  bound.push(value === undefined ? null : toValue(value));
  return '?';
}
