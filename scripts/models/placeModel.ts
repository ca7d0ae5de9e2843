import { mkdir, readdir, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Of } from './digest.ts';
import { FetchError } from './fetchError.ts';
import { type FetchOptions, fetchFile } from './fetchFile.ts';
import { takeLock } from './lock.ts';
import type { ModelSource } from './sources.ts';
import { prepareUnpacking, unpack } from './unpack.ts';

export type PlaceOptions = Omit<FetchOptions, 'onProgress'> & {
  /** What the engine needs of the model. */
  names: string[];
  /** The address of a mirror, without a slash at its end; otherwise each file's own address. */
  mirror?: string | undefined;
  onProgress?: (file: string, bytes: number, total: number | null) => void;
};

/** As `sha256sum -c` reads it. */
const DIGESTS = 'SHA256SUMS';
/** What is left to others on the disk: the database grows too. */
const SPARE_BYTES = 500_000_000;

/**
 * Fetches a model into the folder of its name in `directory`. The folder comes into being in one step, when everything
 * in it is right; until then it is called `.NAME.partial`. A whole model is left as it is, a damaged one is replaced.
 * @throws FetchError in a sentence for people.
 */
export async function placeModel(
  source: ModelSource,
  directory: string,
  options: PlaceOptions,
): Promise<void> {
  await mkdir(directory, { recursive: true });
  const release = takeLock(join(directory, '.lock'));
  if (!release) throw new FetchError('Another npm run speech is at work here. Wait for it, or end it.');
  try {
    const place = join(directory, source.name);
    if (await isWhole(place, options.names)) return;
    const partial = join(directory, `.${source.name}.partial`);
    await mkdir(partial, { recursive: true });
    await expectRoom(source, partial);
    await fetchAll(source, partial, options);
    await noteDigests(partial, options.names);
    // The damaged one, if there is one. A server that has loaded it does not need the files any more.
    await rm(place, { recursive: true, force: true });
    await rename(partial, place);
  } finally {
    release();
  }
}

/** @throws FetchError if the disk has no room for what is still to come. */
async function expectRoom({ diskBytes }: ModelSource, partial: string): Promise<void> {
  const { bavail, bsize } = await statfs(partial);
  const sizes = (await readdir(partial)).map(async (name) => (await stat(join(partial, name))).size);
  const there = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  const [needed, free] = [diskBytes - there + SPARE_BYTES, bavail * bsize];
  if (free >= needed) return;
  const megabytes = (bytes: number) => `${Math.ceil(bytes / 1_000_000)} MB`;
  throw new FetchError(`It needs ${megabytes(needed)} of room on the disk; ${megabytes(free)} are free.`);
}

async function fetchAll(source: ModelSource, partial: string, options: PlaceOptions): Promise<void> {
  if (source.archiveFolder) await prepareUnpacking();
  for (const file of source.files) {
    const { name, path, sha256 } = file;
    const place = join(partial, name);
    // From an earlier run.
    if ((await sha256Of(place).catch(() => null)) === sha256) continue;
    const url = options.mirror ? `${options.mirror}/${path}` : file.url;
    await fetchFile({ url, sha256 }, place, {
      ...options,
      onProgress: (bytes, total) => options.onProgress?.(name, bytes, total),
    });
    if (!source.archiveFolder) continue;
    await unpack(place, partial, { folder: source.archiveFolder, names: options.names });
    await rm(place);
  }
}

async function noteDigests(folder: string, names: string[]): Promise<void> {
  const lines = await Promise.all(
    names.map(async (name) => `${await sha256Of(join(folder, name))}  ${name}\n`),
  );
  await writeFile(join(folder, DIGESTS), lines.join(''));
}

async function isWhole(folder: string, names: string[]): Promise<boolean> {
  const noted = await readFile(join(folder, DIGESTS), 'utf8').catch(() => '');
  const digests = new Map(noted.split('\n').map((line) => line.split('  ').reverse() as [string, string]));
  for (const name of names) {
    const digest = await sha256Of(join(folder, name)).catch(() => null);
    if (digest === null || digest !== digests.get(name)) return false;
  }
  return true;
}
