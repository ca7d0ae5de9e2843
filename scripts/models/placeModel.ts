import { mkdir, readdir, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Of } from './digest.ts';
import { FetchError } from './fetchError.ts';
import { type FetchOptions, fetchFile } from './fetchFile.ts';
import { takeLock } from './lock.ts';
import type { ModelSource } from './sources.ts';
import { prepareUnpacking, unpack } from './unpack.ts';

export type PlaceOptions = Omit<FetchOptions, 'onProgress'> & {
  /** The files that the engine needs. */
  names: string[];
  /** The address of a mirror, without a slash at its end. If absent, each file comes from its own address. */
  mirror?: string | undefined;
  onProgress?: (file: string, bytes: number, total: number | null) => void;
};

/** The digests of the model's files, in the format of `sha256sum -c`. */
const DIGESTS = 'SHA256SUMS';
/** Disk space that stays free, because the database grows too. */
const SPARE_BYTES = 500_000_000;

/**
 * Downloads a model into `directory/NAME`. It downloads into `.NAME.partial` and renames that folder when every file in
 * it is right. A complete model is left alone; a damaged one is replaced.
 * @throws FetchError with a sentence for people.
 */
export async function placeModel(
  source: ModelSource,
  directory: string,
  options: PlaceOptions,
): Promise<void> {
  await mkdir(directory, { recursive: true });
  const release = takeLock(join(directory, '.lock'));
  if (!release) throw new FetchError('Another npm run speech is running here. Wait for it, or stop it.');
  try {
    const place = join(directory, source.name);
    if (await isWhole(place, options.names)) return;
    const partial = join(directory, `.${source.name}.partial`);
    await mkdir(partial, { recursive: true });
    await expectRoom(source, partial);
    await fetchAll(source, partial, options);
    await noteDigests(partial, options.names);
    // A damaged model may stand there. A server that has loaded it does not need its files any more.
    await rm(place, { recursive: true, force: true });
    await rename(partial, place);
  } finally {
    release();
  }
}

/** @throws FetchError if the disk has no room for the rest of the download. */
async function expectRoom({ diskBytes }: ModelSource, partial: string): Promise<void> {
  const { bavail, bsize } = await statfs(partial);
  const sizes = (await readdir(partial)).map(async (name) => (await stat(join(partial, name))).size);
  const there = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  const [needed, free] = [diskBytes - there + SPARE_BYTES, bavail * bsize];
  if (free >= needed) return;
  const megabytes = (bytes: number) => `${Math.ceil(bytes / 1_000_000)} MB`;
  throw new FetchError(`The model needs ${megabytes(needed)} of disk space; ${megabytes(free)} are free.`);
}

async function fetchAll(source: ModelSource, partial: string, options: PlaceOptions): Promise<void> {
  if (source.archiveFolder) await prepareUnpacking();
  for (const file of source.files) {
    const { name, path, sha256 } = file;
    const place = join(partial, name);
    // An earlier run has downloaded it.
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
