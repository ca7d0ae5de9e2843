import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { installCommand, installPackages, mayInstallPackages } from '../debian.ts';
import { FetchError } from './fetchError.ts';

const run = promisify(execFile);
const LIMIT_MS = 5 * 60_000;

/**
 * Makes sure that archives can be unpacked. The tar of macOS and Windows contains bzip2; the tar of Linux calls a
 * program.
 * @throws FetchError saying what to install.
 */
export async function prepareUnpacking(): Promise<void> {
  if (process.platform !== 'linux' || (await hasBzip2())) return;
  const packages = ['bzip2', 'tar'];
  if (await mayInstallPackages()) await installPackages(packages).catch(() => {});
  if (await hasBzip2()) return;
  throw new FetchError(
    `The model is packed with bzip2, which is not installed. To install it: ${installCommand(packages)}`,
  );
}

/** Unpacks the named files of one folder of the archive into `directory`. @throws FetchError if tar fails. */
export async function unpack(
  archive: string,
  directory: string,
  { folder, names }: { folder: string; names: string[] },
): Promise<void> {
  const members = names.map((name) => `${folder}/${name}`);
  const args = ['-xjf', archive, '-C', directory, '--strip-components=1', ...members];
  await run('tar', args, { timeout: LIMIT_MS }).catch((cause: Error & { stderr?: string }) => {
    const said = cause.stderr?.trim().split('\n').at(-1) ?? cause.message;
    throw new FetchError(`The model could not be unpacked (${said}).`, { cause });
  });
}

async function hasBzip2(): Promise<boolean> {
  return run('bzip2', ['--help'], { timeout: LIMIT_MS }).then(
    () => true,
    () => false,
  );
}
