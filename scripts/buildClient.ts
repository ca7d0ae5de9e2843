import { createHash } from 'node:crypto';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'vite';

const ROOT = resolve(import.meta.dirname, '..');
const STAMP = join(ROOT, 'client/dist/.built-from');
const SOURCES = [
  'client/**/*',
  'contract/**/*',
  'vite.config.ts',
  'package-lock.json',
  'scripts/buildClient.ts',
];

/**
 * Builds the web client, unless its source files are the same as in the last build. It says so first: a build takes
 * seconds.
 */
export async function buildClientIfStale(): Promise<'built' | 'fresh'> {
  const wanted = digestOfSources();
  if (readStamp() === wanted) return 'fresh';
  process.stdout.write(
    'Building the page. This takes some seconds, and only after a change of its source.\n',
  );
  await build({ configFile: join(ROOT, 'vite.config.ts'), logLevel: 'warn' });
  compressFiles(join(ROOT, 'client/dist'));
  writeFileSync(STAMP, wanted);
  return 'built';
}

/** Writes a Brotli and a gzip form beside each text file, so that the server need not compress at each request. */
export function compressFiles(directory: string): void {
  for (const name of globSync('**/*.{html,js,css,svg,json}', { cwd: directory })) {
    const path = join(directory, name);
    const bytes = readFileSync(path);
    const params = { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
    writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params }));
    writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
  }
}

function digestOfSources(): string {
  const digest = createHash('sha256');
  const files = globSync(SOURCES, {
    cwd: ROOT,
    withFileTypes: true,
    exclude: ['client/dist/**', '**/*.test.*', 'client/e2e/**'],
  });
  const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
  for (const path of paths.sort())
    digest.update(path.slice(ROOT.length)).update('\0').update(readFileSync(path)).update('\0');
  return digest.digest('hex');
}

function readStamp(): string | undefined {
  try {
    return readFileSync(STAMP, 'utf8');
  } catch {
    return undefined;
  }
}

if (import.meta.main) await buildClientIfStale();
