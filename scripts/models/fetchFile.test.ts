import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FetchOptions, fetchFile } from './fetchFile.ts';
import { type FileServer, startFileServer } from './testing/fileServer.ts';

const CONTENT = randomBytes(1_000_000);
const sha256 = createHash('sha256').update(CONTENT).digest('hex');

let server: FileServer;
let directory: string;
let place: string;
beforeEach(async () => {
  server = await startFileServer();
  server.files.set('/model', CONTENT);
  directory = mkdtempSync(join(tmpdir(), 'roomscribe-fetch-'));
  place = join(directory, 'model');
});
afterEach(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

const fetchModel = (options: FetchOptions & { digest?: string } = {}) =>
  fetchFile({ url: `${server.url}/model`, sha256: options.digest ?? sha256 }, place, {
    pauseMs: 1,
    ...options,
  });
const ranges = () => server.requests.map(({ range }) => range);
const expectWhole = () => {
  expect(readFileSync(place).equals(CONTENT)).toBe(true);
  expect(readdirSync(directory)).toEqual(['model']);
};

describe('a file arrives complete', () => {
  test('and its progress is reported', async () => {
    const seen: [number, number | null][] = [];
    await fetchModel({ onProgress: (bytes, total) => seen.push([bytes, total]) });
    expectWhole();
    expect(seen.at(-1)).toEqual([CONTENT.length, CONTENT.length]);
  });

  test('when the connection breaks again and again: each attempt asks only for the rest', async () => {
    server.faults.push('cut', 'cut', 'cut');
    await fetchModel({ tries: 2 });
    expectWhole();
    const [first, ...rest] = ranges();
    expect(first).toBeUndefined();
    expect(rest).toHaveLength(3);
    for (const range of rest) expect(range).toMatch(/^bytes=[1-9]\d*-$/);
  });

  test('when the server stops sending', async () => {
    server.faults.push('stall');
    await fetchModel({ stallMs: 200 });
    expectWhole();
    expect(ranges()[1]).toMatch(/^bytes=[1-9]\d*-$/);
  });

  test('when the server supports no ranges: each attempt starts from the beginning', async () => {
    server.ranges = false;
    server.faults.push('cut');
    await fetchModel();
    expectWhole();
    expect(ranges()).toEqual([undefined, undefined]);
  });

  test('when the server’s file changes meanwhile: nothing of the old one is kept', async () => {
    server.files.set('/model', randomBytes(CONTENT.length));
    server.faults.push('cut');
    await expect(fetchModel({ tries: 1 })).rejects.toThrow(/broke/);
    server.files.set('/model', CONTENT);
    await fetchModel();
    expectWhole();
    expect(ranges()[1]).toMatch(/^bytes=/);
  });

  test('when a part file is complete already, but was never checked', async () => {
    server.faults.push('cut');
    await expect(fetchModel({ tries: 1 })).rejects.toThrow(/broke/);
    const half = readFileSync(`${place}.part`).length;
    writeFileSync(`${place}.part`, CONTENT);
    await fetchModel();
    expectWhole();
    expect(half).toBeLessThan(CONTENT.length);
    expect(ranges()[1]).toBe(`bytes=${CONTENT.length}-`);
  });

  test('when the server is too busy at first', async () => {
    server.faults.push(503, 429);
    await fetchModel();
    expectWhole();
  });
});

describe('nothing stands in the file’s place, and a sentence says why', () => {
  const expectNothing = async (message: RegExp, options: Parameters<typeof fetchModel>[0] = {}) => {
    await expect(fetchModel(options)).rejects.toThrow(message);
    expect(existsSync(place)).toBe(false);
  };

  test('when its digest is wrong; the download is deleted', async () => {
    await expectNothing(/another file than expected .* deleted/, { digest: '0'.repeat(64) });
    expect(readdirSync(directory)).toEqual([]);
  });

  test('when there is no such file: at once', async () => {
    server.files.clear();
    await expectNothing(/127\.0\.0\.1:\d+ answered 404/);
    expect(server.requests).toHaveLength(1);
  });

  test('when the server cannot be reached: at once', async () => {
    const closed = await startFileServer();
    await closed.close();
    const url = `${closed.url}/model`;
    await expect(fetchFile({ url, sha256 }, place)).rejects.toThrow(/cannot be reached \(ECONNREFUSED\)/);
    expect(readdirSync(directory)).toEqual([]);
  });

  test('when the server does not answer', async () => {
    server.faults.push('mute');
    await expectNothing(/did not answer in time/, { answerMs: 100 });
    expect(server.requests).toHaveLength(1);
  });

  test('when every attempt breaks off at about the same place', async () => {
    server.ranges = false;
    // After a cut the client reads a varying part of the sent bytes, so an attempt may get a little farther.
    server.faults.push(...Array<'cut'>(50).fill('cut'));
    await expectNothing(/broke/, { tries: 3 });
    expect(server.requests.length).toBeGreaterThanOrEqual(3);
    expect(server.faults).not.toEqual([]);
  });

  test('when the disk is full; the download is deleted', async () => {
    const disk = mountTinyDisk(join(directory, 'disk'));
    if (!disk) return;
    place = join(disk.path, 'model');
    try {
      await expectNothing(/disk is full.* deleted/);
      expect(readdirSync(disk.path)).toEqual([]);
    } finally {
      disk.unmount();
    }
  });
});

/** Mounts a file system of half the file's size. Prints why and returns undefined where this user may not mount one. */
function mountTinyDisk(path: string): { path: string; unmount: () => void } | undefined {
  mkdirSync(path);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=500k', 'tmpfs', path], { stdio: 'ignore' });
  } catch {
    console.info('Did not run: a full disk, because no file system can be mounted here.');
    return;
  }
  return { path, unmount: () => execFileSync('umount', [path]) };
}
