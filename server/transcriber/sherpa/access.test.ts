import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TONE_MODEL } from '../testing/toneModel.ts';
import { findSherpa } from './access.ts';
import { SHERPA_MODELS } from './models.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'roomscribe-models-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function put(folder: string, model: string): void {
  mkdirSync(join(directory, folder));
  const files = SHERPA_MODELS.flatMap(({ name, files }) => (name === model ? Object.values(files) : []));
  for (const file of files) writeFileSync(join(directory, folder, file), '');
}

test('if there is no model, the reason says how to get one', async () => {
  expect(await findSherpa(join(directory, 'nowhere'))).toEqual({
    ok: false,
    reason: expect.stringContaining('npm run speech'),
  });
});

test('an incomplete model is not used', async () => {
  put('.ko.partial', 'ko');
  expect(await findSherpa(directory)).toMatchObject({ ok: false });
  renameSync(join(directory, '.ko.partial'), join(directory, 'ko'));
  rmSync(join(directory, 'ko/tokens.txt'));
  expect(await findSherpa(directory)).toMatchObject({ ok: false });
});

test('the better one of two models is used, and the library runs here', async () => {
  put('en', 'en');
  expect(await findSherpa(directory)).toMatchObject({ ok: true, model: { name: 'en' } });
  put('ko', 'ko');
  const found = await findSherpa(directory);
  expect(found).toMatchObject({ ok: true, model: { name: 'ko' }, directory: join(directory, 'ko') });
});

test('the test model is not among the models for users', () => {
  expect(SHERPA_MODELS.map(({ name }) => name)).not.toContain(TONE_MODEL.name);
});
