import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SHERPA_MODELS } from '../../server/transcriber/sherpa/models.ts';
import { type Preparation, prepareSpeech } from './prepareSpeech.ts';
import { MODEL_SOURCES, type ModelSource } from './sources.ts';
import { type FileServer, startFileServer } from './testing/fileServer.ts';
import { offerArchive, offerFiles } from './testing/modelSource.ts';

let server: FileServer;
let directory: string;
let sources: [ModelSource, ModelSource];
let printed: string;
beforeEach(async () => {
  server = await startFileServer();
  directory = mkdtempSync(join(tmpdir(), 'roomscribe-speech-'));
  sources = [offerFiles(server, 'ko', namesOf('ko')), offerArchive(server, 'en', namesOf('en'))];
  printed = '';
});
afterEach(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

const prepare = (wish?: string, changes: Partial<Preparation> = {}) =>
  prepareSpeech(wish, {
    directory,
    sources,
    obstacle: async () => null,
    fallBack: async () => 'PocketSphinx is ready.',
    screen: { write: (text) => (printed += text) },
    fetching: { pauseMs: 1 },
    ...changes,
  });
const isPlaced = (name: string) => existsSync(join(directory, name));
const lastLine = () => printed.trimEnd().split('\n').at(-1);

describe('npm run speech', () => {
  test('downloads the best model without asking, and says which', async () => {
    await prepare();
    expect(isPlaced('ko')).toBe(true);
    expect(printed).toMatch(
      /^Preparing the speech model for the model ko: 1 MB, downloaded once\. That takes about 1 min /,
    );
    expect(lastLine()).toMatch(/^sherpa-onnx is ready\. It understands Korean and English/);
  });

  test('downloads the model that was named', async () => {
    await prepare('en');
    expect([isPlaced('en'), isPlaced('ko')]).toEqual([true, false]);
    expect(lastLine()).toMatch(/understands clear English/);
  });

  test('skips a model that is too heavy for the machine, unless it was named', async () => {
    const demanding = { ...sources[0], processors: 10_000 };
    await prepare(undefined, { sources: [demanding, sources[1]] });
    expect([isPlaced('ko'), isPlaced('en')]).toEqual([false, true]);
    await prepare('ko', { sources: [demanding, sources[1]] });
    expect(isPlaced('ko')).toBe(true);
  });

  test('keeps an installed model, and needs no network for that', async () => {
    await prepare('en');
    await server.close();
    await prepare();
    expect(lastLine()).toMatch(/sherpa-onnx is ready\. It understands clear English/);
    server = await startFileServer();
  });

  test('takes the next best model if the best cannot be downloaded', async () => {
    server.files.delete(`/${sources[0].files[0]?.path}`);
    await prepare();
    expect(printed).toMatch(/The download failed\. 127\.0\.0\.1:\d+ answered 404/);
    expect(lastLine()).toMatch(/understands clear English/);
  });

  test('falls back to PocketSphinx without a network, and says what to do later', async () => {
    server.files.clear();
    await prepare();
    expect(printed).toMatch(
      /PocketSphinx is ready\.\nTo try the model ko again later: npm run speech -- ko\n/,
    );
    expect([isPlaced('ko'), isPlaced('en')]).toEqual([false, false]);
  });

  test('keeps the installed model if another cannot be downloaded', async () => {
    await prepare('en');
    server.files.clear();
    printed = '';
    await prepare('ko');
    expect(printed).toMatch(/sherpa-onnx is ready\. It understands clear English/);
    expect(printed).not.toMatch(/PocketSphinx/);
  });

  test('downloads nothing where sherpa-onnx does not run', async () => {
    await prepare('ko', { obstacle: async () => 'sherpa-onnx does not run on this machine (sunos sparc).' });
    expect(printed).toBe('sherpa-onnx does not run on this machine (sunos sparc).\nPocketSphinx is ready.\n');
    expect(server.requests).toEqual([]);
  });

  test('names the file system’s error if it cannot write', async () => {
    writeFileSync(join(directory, '.ko.partial'), 'in the way');
    await prepare('ko');
    expect(printed).toMatch(/The download failed\. (EEXIST|ENOTDIR)/);
    expect(lastLine()).toMatch(/npm run speech -- en/);
  });
});

test('the engine knows every model that can be downloaded', () => {
  for (const { name, files, archiveFolder } of MODEL_SOURCES) {
    expect(SHERPA_MODELS.map((model) => model.name)).toContain(name);
    if (!archiveFolder) expect(files.map((file) => file.name).sort()).toEqual(namesOf(name).sort());
    for (const { url, sha256 } of files) {
      expect(url).toMatch(/^https:/);
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    }
  }
});

function namesOf(model: string): string[] {
  return Object.values(SHERPA_MODELS.find(({ name }) => name === model)?.files ?? {});
}
