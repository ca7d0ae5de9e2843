import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const BIOME = join(ROOT, 'node_modules/@biomejs/biome/bin/biome');

const ALLOWED = [
  ['server/chat/a.ts', `export type { Store } from '../../db/store.ts';`],
  ['server/speech/a.ts', `export type { Transcriber } from '../transcriber/transcriber.ts';`],
  ['server/http/a.ts', `export { Hono } from 'hono';`],
  ['server/main.ts', `export { openStore } from '../db/open.ts';`],
  ['client/state/a.ts', `export { LIMITS } from '../../contract/limits.ts';`],
  ['client/sdk/client.ts', `export type { AppRouter } from '../../server/trpc/router.ts';`],
] as const;

const FORBIDDEN = [
  ['server/chat/b.ts', `export { Hono } from 'hono';`],
  ['server/chat/c.ts', `export { TRPCError } from '@trpc/server';`],
  ['server/chat/d.ts', `export { MikroORM } from '@mikro-orm/core';`],
  ['server/chat/e.ts', `export { openStore } from '../../db/open.ts';`],
  ['server/chat/f.ts', `export { createApp } from '../http/app.ts';`],
  ['server/chat/g.ts', `export { createMemoryBus } from '../bus/memory.ts';`],
  ['server/speech/b.ts', `export { createAwsEngine } from '../transcriber/aws/engine.ts';`],
  ['server/http/b.ts', `export { openStore } from '../../db/open.ts';`],
  ['server/transcriber/b.ts', `export { createSpeech } from '../speech/speech.ts';`],
  ['contract/b.ts', `export { createFeeds } from '../server/chat/feeds.ts';`],
  ['db/b.ts', `export { createFeeds } from '../server/chat/feeds.ts';`],
  ['client/state/b.ts', `export { createFeeds } from '../../server/chat/feeds.ts';`],
  ['client/state/c.ts', `export type { AppRouter } from '../../server/trpc/router.ts';`],
] as const;

let house: string;
let refused: Set<string>;

beforeAll(async () => {
  house = mkdtempSync(join(tmpdir(), 'roomscribe-directions-'));
  copyFileSync(join(ROOT, 'biome.json'), join(house, 'biome.json'));
  for (const [path, source] of [...ALLOWED, ...FORBIDDEN]) {
    mkdirSync(dirname(join(house, path)), { recursive: true });
    writeFileSync(join(house, path), `${source}\n`);
  }
  refused = await filesRefused(house);
});

afterAll(() => rmSync(house, { recursive: true, force: true }));

test.each(ALLOWED)('%s may import: %s', (path) => expect(refused).not.toContain(path));
test.each(FORBIDDEN)('%s must not import: %s', (path) => expect(refused).toContain(path));

async function filesRefused(directory: string): Promise<Set<string>> {
  const args = [
    BIOME,
    'lint',
    '--vcs-enabled=false',
    '--only=style/noRestrictedImports',
    '--reporter=json',
    '.',
  ];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: directory }).catch(
    (failed: { stdout: string }) => failed,
  );
  const report = JSON.parse(stdout) as { diagnostics: { location: { path: string } }[] };
  return new Set(report.diagnostics.map(({ location }) => location.path));
}
