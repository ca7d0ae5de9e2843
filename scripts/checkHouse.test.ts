import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findFaults } from './checkHouse.ts';

const ROOT = resolve(import.meta.dirname, '..');
const BIOME = join(ROOT, 'node_modules/@biomejs/biome/bin/biome');

let house: string;
beforeEach(() => {
  house = mkdtempSync(join(tmpdir(), 'roomscribe-house-'));
});
afterEach(() => rmSync(house, { recursive: true, force: true }));

function plant(path: string, source = ''): void {
  mkdirSync(dirname(join(house, path)), { recursive: true });
  writeFileSync(join(house, path), `${source}\n`);
}

/** The files that Biome refuses by a rule. */
async function refusedBy(rule: string): Promise<string[]> {
  copyFileSync(join(ROOT, 'biome.json'), join(house, 'biome.json'));
  const args = [BIOME, 'lint', '--vcs-enabled=false', `--only=${rule}`, '--reporter=json', '.'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: house }).catch(
    (failed: { stdout: string }) => failed,
  );
  const report = JSON.parse(stdout) as { diagnostics: { location: { path: string } }[] };
  return [...new Set(report.diagnostics.map(({ location }) => location.path))].toSorted();
}

test('the house is in order', () => expect(findFaults(ROOT)).toEqual([]));

describe('directions', () => {
  test.each([
    ['server/chat/a.ts', '../../db/store.ts'],
    ['server/speech/a.ts', '../transcriber/transcriber.ts'],
    ['server/speech/a.ts', './recognition/recognize.ts'],
    ['server/speech/recognition/a.ts', '../placedAudio.ts'],
    ['server/http/a.ts', '../trpc/router.ts'],
    ['server/main.ts', '../db/lateStore.ts'],
    ['server/main.ts', './transcriber/aws/engine.ts'],
    ['db/sqlite/a.ts', '../sql/sqlStore.ts'],
    ['client/state/a.ts', '../../contract/limits.ts'],
    ['client/sdk/client.ts', '../../server/trpc/router.ts'],
    ['server/chat/a.test.ts', '../../testing/chatScene.ts'],
    ['bench/a.ts', '../server/main.ts'],
  ])('%s may import %s', (file, target) => {
    plant(file, `export * from '${target}';`);
    expect(findFaults(house)).toEqual([]);
  });

  test.each([
    ['contract/a.ts', '../server/log.ts'],
    ['contract/a.ts', '../db/store.ts'],
    ['db/store.ts', './sql/sqlStore.ts'],
    ['db/sql/a.ts', '../sqlite/store.ts'],
    ['db/mysql/a.ts', '../sqlite/store.ts'],
    ['db/sql/a.ts', '../../server/chat/feeds.ts'],
    ['db/a.ts', './testing/material.ts'],
    ['server/chat/a.ts', '../../db/open.ts'],
    ['server/chat/a.ts', '../http/app.ts'],
    ['server/chat/a.ts', '../ws/frames.ts'],
    ['server/chat/a.ts', '../speech/speech.ts'],
    ['server/chat/a.ts', '../bus/memory.ts'],
    ['server/chat/a.ts', '../server.ts'],
    ['server/chat/a.ts', '../config.ts'],
    ['server/chat/a.ts', './testing/scene.ts'],
    ['server/chat/a.ts', '../../testing/chatScene.ts'],
    ['server/auth/a.ts', '../chat/access.ts'],
    ['server/speech/a.ts', '../transcriber/aws/engine.ts'],
    ['server/speech/microphone/a.ts', '../recognition/types.ts'],
    ['server/speech/recognition/a.ts', '../stream.ts'],
    ['server/flow/a.ts', '../chat/feed.ts'],
    ['server/ops/a.ts', '../http/app.ts'],
    ['server/trpc/a.ts', '../ws/frames.ts'],
    ['server/trpc/a.ts', '../http/session.ts'],
    ['server/http/a.ts', '../ws/endpoint.ts'],
    ['server/http/a.ts', '../../db/open.ts'],
    ['server/server.ts', './transcriber/aws/engine.ts'],
    ['server/server.ts', '../db/open.ts'],
    ['server/transcriber/local/a.ts', '../../speech/speech.ts'],
    ['server/transcriber/aws/a.ts', '../sherpa/engine.ts'],
    ['server/transcriber/transcriber.ts', './aws/engine.ts'],
    ['server/bus/bus.ts', './redis.ts'],
    ['client/state/a.ts', '../../server/chat/feeds.ts'],
    ['client/state/a.ts', '../../server/trpc/router.ts'],
    ['client/state/a.ts', '../views/App.tsx'],
    ['client/sdk/a.ts', '../state/room.ts'],
    ['client/views/a.tsx', '../../db/store.ts'],
  ])('%s must not import %s', (file, target) => {
    plant(file, `export * from '${target}';`);
    expect(findFaults(house)).toEqual([expect.stringContaining(`${file} must not import`)]);
  });

  test.each([
    `import { a } from '../http/app.ts'; a();`,
    `import '../http/app.ts';`,
    `import type { A } from '../http/app.ts'; export type B = A;`,
    `import { type A } from '../http/app.ts'; export type B = A;`,
    `export { a } from '../http/app.ts';`,
    `export type { A } from '../http/app.ts';`,
    `export * from '../http/app.ts';`,
    `export const a = () => import('../http/app.ts');`,
    `export type A = import('../http/app.ts').A;`,
    `export let a: typeof import('../http/app.ts');`,
  ])('are seen in %s', (source) => {
    plant('server/chat/a.ts', source);
    expect(findFaults(house)).toEqual([expect.stringContaining('must not import server/http/app.ts')]);
  });

  test('are asked of every file: a new room has to be named', () => {
    plant('server/plugins/a.ts');
    expect(findFaults(house)).toEqual([expect.stringContaining('server/plugins/a.ts: no room')]);
  });
});

describe('a folder', () => {
  const fill = (files: number) => {
    for (let i = 0; i < files; i += 1) plant(`server/chat/a${i}.ts`);
  };

  test('holds twenty files, tests not counted', () => {
    fill(20);
    plant('server/chat/a0.test.ts');
    expect(findFaults(house)).toEqual([]);
  });

  test('that holds more is too crowded', () => {
    fill(21);
    expect(findFaults(house)).toEqual(['server/chat holds 21 source files; split it at 20.']);
  });
});

test.each([
  ['import', `import { b } from './b.ts'; export const a = () => b;`],
  ['import type', `import type { b } from './b.ts'; export type A = b;`],
  ['export from', `export { b } from './b.ts';`],
  ['export type from', `export type { b } from './b.ts';`],
  ['import()', `export const a = () => import('./b.ts');`],
])('a circle of files is refused, tied by %s', async (_, source) => {
  plant('server/chat/a.ts', source);
  plant('server/chat/b.ts', `import type { c } from './c.ts'; export type b = c;`);
  plant('server/chat/c.ts', `import type { a } from './a.ts'; export type c = a;`);
  plant('server/chat/d.ts', `import type { c } from './c.ts'; export type d = c;`);
  const circle = ['server/chat/a.ts', 'server/chat/b.ts', 'server/chat/c.ts'];
  expect(await refusedBy('suspicious/noImportCycles')).toEqual(circle);
});

test('packages of a transport, a database or an engine are refused where they do not belong', async () => {
  const refused = [
    ['contract/a.ts', 'node:fs'],
    ['server/chat/a.ts', 'hono'],
    ['server/chat/b.ts', '@trpc/server'],
    ['server/speech/a.ts', '@mikro-orm/core'],
    ['server/speech/recognition/a.ts', '@aws-sdk/client-transcribe-streaming'],
    ['server/trpc/a.ts', 'kysely'],
    ['client/state/a.ts', 'node:fs'],
  ] as const;
  for (const [file, name] of refused) plant(file, `export * from '${name}';`);
  plant('server/http/a.ts', `export { Hono } from 'hono';`);
  plant('client/sdk/client.ts', `export type { AppRouter } from '../../server/trpc/router.ts';`);
  plant('client/sdk/b.ts', `export { createRouter } from '../../server/trpc/router.ts';`);
  expect(await refusedBy('style/noRestrictedImports')).toEqual(
    [...refused.map(([file]) => file as string), 'client/sdk/b.ts'].toSorted(),
  );
});
