import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSqlite } from '../../db/sqlite/store.ts';
import { readConfig } from '../config.ts';
import { loadOrCreateSecret } from './secret.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'roomscribe-secret-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

const WEAK = [
  '',
  ' '.repeat(40),
  'x'.repeat(31),
  'x'.repeat(64),
  `${'x'.repeat(30)}    `,
  'ab'.repeat(20),
  'password'.repeat(4),
  'passwordpasswordpasswordpasswordpass',
  '0123456789abcdef0123456789abcdef',
];

test.each(WEAK)('the secret %j is refused, given or kept', (weak) => {
  const path = join(folder, 'auth-secret');
  writeFileSync(path, weak);
  expect(() => loadOrCreateSecret(path)).toThrow(/^The secret in .+ must .+ Delete the file/);
  const given = () => readConfig({ NODE_ENV: 'production', AUTH_SECRET: weak });
  expect(given).toThrow(/^AUTH_SECRET /);
});

test('a secret is made once, kept, and strong', () => {
  const path = join(folder, 'data/auth-secret');
  const secret = loadOrCreateSecret(path);
  expect(loadOrCreateSecret(path)).toBe(secret);
  expect(readConfig({ AUTH_SECRET: secret }).authSecret).toBe(secret);
});

test('only the owner can read secret, database and folder, also those of an older start', async () => {
  const data = join(folder, 'data');
  const files = ['auth-secret', 'rooms.sqlite'].map((name) => join(data, name));
  const open = async () => {
    loadOrCreateSecret(files[0] as string);
    const store = await openSqlite(files[1] as string);
    const modes = [data, ...files, `${files[1]}-wal`, `${files[1]}-shm`].map(modeOf);
    await store.close();
    return modes;
  };
  const closed = ['700', '600', '600', '600', '600'];
  expect(await open()).toEqual(closed);
  chmodSync(data, 0o755);
  for (const file of files) chmodSync(file, 0o644);
  expect(await open()).toEqual(closed);
});

test('a database closes a folder that it makes, and no other', async () => {
  const shared = join(folder, 'shared');
  mkdirSync(shared, { mode: 0o755 });
  chmodSync(shared, 0o755);
  await (await openSqlite(join(shared, 'rooms.sqlite'))).close();
  await (await openSqlite(join(folder, 'made/rooms.sqlite'))).close();
  expect([modeOf(shared), modeOf(join(folder, 'made'))]).toEqual(['755', '700']);
});
