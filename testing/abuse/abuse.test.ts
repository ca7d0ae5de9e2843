import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { attacks } from './attacks/all.ts';
import { type FilledDatabase, fillDatabase } from './database.ts';
import { runAttack } from './run.ts';

/** A short run of `npm run test:abuse`. It asks for no times, and its bound is far above that of the suite. */
const BOUND_MIB = 100;
const app = resolve(import.meta.dirname, '../..');

let database: FilledDatabase;
beforeAll(async () => {
  database = await fillDatabase('sqlite', { app, messages: 400 });
}, 60_000);
afterAll(() => database[Symbol.asyncDispose]());

test.each(['PING, never read', 'pages over sockets, never read'])(
  'while one client attacks (%s), others send, none of their messages is refused, and memory stays',
  async (name) => {
    const attack = attacks.find((one) => one.name === name);
    const result = await runAttack({ app, database, seconds: 2, warmUpSeconds: 1 }, attack);
    if ('cannotRun' in result) throw new Error(result.cannotRun);
    expect(result.sends.length).toBeGreaterThan(10);
    expect(result.failed).toBe(0);
    expect(result.held - result.before).toBeLessThan(BOUND_MIB);
  },
  120_000,
);

test('no two attacks have the same name', () => {
  expect(new Set(attacks.map(({ name }) => name)).size).toBe(attacks.length);
});
