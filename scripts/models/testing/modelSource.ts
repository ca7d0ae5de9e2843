import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ModelSource } from '../sources.ts';
import type { FileServer } from './fileServer.ts';

const BYTES = 300_000;

/** Puts files of random bytes on the server. @returns the model made of them. */
export function offerFiles(server: FileServer, name: string, names: string[]): ModelSource {
  const files = names.map((file) => offer(server, `${name}/${file}`, file, randomBytes(BYTES)));
  return { ...sourceOf(name), files };
}

/** Puts an archive on the server: the model's files, and one that the engine does not need. */
export function offerArchive(server: FileServer, name: string, names: string[]): ModelSource {
  const directory = mkdtempSync(join(tmpdir(), 'roomscribe-archive-'));
  mkdirSync(join(directory, 'folder'));
  for (const file of [...names, 'README.md'])
    writeFileSync(join(directory, 'folder', file), randomBytes(BYTES));
  execFileSync('tar', ['-cjf', 'archive.tar.bz2', 'folder'], { cwd: directory });
  const content = readFileSync(join(directory, 'archive.tar.bz2'));
  rmSync(directory, { recursive: true });
  const file = offer(server, 'archive.tar.bz2', 'archive.tar.bz2', content);
  return { ...sourceOf(name), files: [file], archiveFolder: 'folder' };
}

function offer(server: FileServer, path: string, name: string, content: Buffer) {
  server.files.set(`/${path}`, content);
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { name, path, url: `${server.url}/${path}`, sha256 };
}

function sourceOf(name: string): ModelSource {
  return {
    name,
    title: `the model ${name}`,
    fetchedBytes: 2 * BYTES,
    diskBytes: 2 * BYTES,
    memoryBytes: 0,
    processors: 1,
    files: [],
  };
}
