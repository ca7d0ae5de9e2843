import { DatabaseSync } from 'node:sqlite';
import { CompiledQuery, Kysely } from 'kysely';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { upTo } from '../testing/material.ts';
import { EmbeddedSqlite } from './driver.ts';

let database: Kysely<unknown>;
beforeEach(() => {
  database = new Kysely({ dialect: new EmbeddedSqlite(':memory:') });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await database.destroy();
});

async function run(sql: string, params: unknown[] = []): Promise<unknown[]> {
  return (await database.executeQuery(CompiledQuery.raw(sql, params))).rows;
}

test('a statement is prepared once for all its parameters', async () => {
  const prepare = vi.spyOn(DatabaseSync.prototype, 'prepare');
  for (const n of upTo(3)) expect(await run('select ? as n', [n])).toEqual([{ n }]);
  expect(prepare).toHaveBeenCalledOnce();
});

test('a statement in constant use stays prepared among many others', async () => {
  await run('select ? as n', [0]);
  const prepare = vi.spyOn(DatabaseSync.prototype, 'prepare');
  for (const n of upTo(200)) {
    await run(`select ${n} as other`);
    expect(await run('select ? as n', [n])).toEqual([{ n }]);
  }
  await run('select 1 as other');
  expect(prepare).toHaveBeenCalledTimes(201);
});

test('a prepared statement still works after its table has changed', async () => {
  await run('create table things (id integer)');
  const all = () => run('select * from things');
  await run('insert into things values (?)', [1]);
  expect(await all()).toEqual([{ id: 1 }]);
  await run('alter table things add column name text');
  expect(await all()).toEqual([{ id: 1, name: null }]);
});

test('a prepared statement still works after the database has refused it once', async () => {
  await run('create table things (id integer primary key)');
  const add = (id: number) => run('insert into things values (?)', [id]);
  await add(1);
  await expect(add(1)).rejects.toMatchObject({ errcode: 1555 });
  await add(2);
  expect(await run('select count(*) as count from things')).toEqual([{ count: 2 }]);
});
