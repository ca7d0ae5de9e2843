import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { placeModel } from './placeModel.ts';
import type { ModelSource } from './sources.ts';
import { type FileServer, startFileServer } from './testing/fileServer.ts';
import { offerArchive, offerFiles } from './testing/modelSource.ts';
import type { PlaceOnce } from './testing/placeOnce.ts';

const NAMES = ['tokens.txt', 'encoder.onnx'];

let server: FileServer;
let directory: string;
let source: ModelSource;
beforeEach(async () => {
  server = await startFileServer();
  directory = mkdtempSync(join(tmpdir(), 'roomscribe-place-'));
  source = offerFiles(server, 'ko', NAMES);
});
afterEach(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

const place = (from = source, options = {}) =>
  placeModel(from, directory, { names: NAMES, pauseMs: 1, ...options });
const placed = () => readdirSync(directory).filter((name) => !name.startsWith('.'));
const contentOf = (name: string) => readFileSync(join(directory, 'ko', name));
const expectPlaced = () => {
  expect(readdirSync(directory).sort()).toEqual(['.lock', 'ko']);
  expect(readdirSync(join(directory, 'ko')).sort()).toEqual(['SHA256SUMS', 'encoder.onnx', 'tokens.txt']);
  for (const name of NAMES)
    expect(contentOf(name).equals(server.files.get(`/ko/${name}`) as Buffer)).toBe(true);
};

describe('a model is installed completely or not at all', () => {
  test('file by file', async () => {
    await place();
    expectPlaced();
  });

  test('from a mirror, which takes the place of the files’ own addresses', async () => {
    const elsewhere = source.files.map((file) => ({ ...file, url: 'http://127.0.0.1:1/nowhere' }));
    await place({ ...source, files: elsewhere }, { mirror: server.url });
    expectPlaced();
  });

  test('from an archive, without the files that the engine does not need', async () => {
    await place(offerArchive(server, 'en', NAMES));
    expect(readdirSync(join(directory, 'en')).sort()).toEqual(['SHA256SUMS', 'encoder.onnx', 'tokens.txt']);
    expect(placed()).toEqual(['en']);
  });

  test('not at all if its archive lacks a file', async () => {
    const lacking = offerArchive(server, 'en', ['tokens.txt']);
    await expect(place(lacking)).rejects.toThrow(/could not be unpacked/);
    expect(placed()).toEqual([]);
  });

  test('when the server fails halfway; the next run does not download the finished files again', async () => {
    const [first = '', second = ''] = source.files.map(({ path }) => `/${path}`);
    const content = server.files.get(second) as Buffer;
    server.files.delete(second);
    await expect(place()).rejects.toThrow(/404/);
    expect(placed()).toEqual([]);
    server.files.set(second, content);
    await place();
    expectPlaced();
    expect(server.requests.map(({ path }) => path)).toEqual([first, second, second]);
  });

  test('and an installed model is not downloaded again', async () => {
    await place();
    server.requests.length = 0;
    await place();
    expect(server.requests).toEqual([]);
  });

  test('and a damaged model is replaced', async () => {
    await place();
    writeFileSync(join(directory, 'ko/encoder.onnx'), randomBytes(100));
    await place();
    expectPlaced();
  });

  test('not at all if the disk has no room for it; then nothing is downloaded', async () => {
    await expect(place({ ...source, diskBytes: 1e18 })).rejects.toThrow(
      /needs \d+ MB of disk space; \d+ MB are free/,
    );
    expect(server.requests).toEqual([]);
    expect(placed()).toEqual([]);
  });
});

test('a second run refuses while the first is at work, and continues the first if that is stopped', async () => {
  server.faults.push('stall');
  const first = startProcess();
  await expect.poll(() => partBytes(), { timeout: 20_000 }).toBeGreaterThan(0);
  await expect(place()).rejects.toThrow(/Another npm run speech is running/);

  const exited = once(first, 'exit');
  first.kill('SIGINT');
  expect(await exited).toEqual([null, 'SIGINT']);
  expect(placed()).toEqual([]);

  await place();
  expectPlaced();
  expect(server.requests[1]).toEqual({
    path: '/ko/tokens.txt',
    range: expect.stringMatching(/^bytes=[1-9]/),
  });
});

function startProcess(): ChildProcess {
  const once: PlaceOnce = { source, directory, names: NAMES };
  return fork(join(import.meta.dirname, 'testing/placeOnce.ts'), [JSON.stringify(once)], { execArgv: [] });
}

function partBytes(): number {
  const part = join(directory, '.ko.partial/tokens.txt.part');
  return existsSync(part) ? readFileSync(part).length : 0;
}
