import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

const APT = '/usr/bin/apt-get';
/** Package servers may be slow, but never so slow that somebody waits for ever. */
const INSTALL_LIMIT_MS = 10 * 60_000;
const ASK_LIMIT_MS = 10_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const SHOWN_LINES = 10;

/** What is put before a command to run it as root: nothing for root itself; null where this user may not. */
type Privilege = string[] | null;

/** Whether Debian packages can be installed here without asking anybody: apt-get, and root or sudo without password. */
export async function mayInstallPackages(): Promise<boolean> {
  return (await privilege()) !== null;
}

/**
 * Installs Debian packages, without what they merely recommend. Says nothing if that works.
 * @throws Error with the end of the installer's output if it fails or takes more than ten minutes.
 */
export async function installPackages(names: readonly string[]): Promise<void> {
  const asRoot = await privilege();
  if (!asRoot) throw new Error('Packages cannot be installed by this user.');
  // One broken source among many fails the update, and yet what we want may be there.
  const stale = await apt(asRoot, ['update']);
  const failure = await apt(asRoot, ['install', '--yes', '--no-install-recommends', ...names]);
  if (failure) throw new Error([stale, failure].filter(Boolean).join('\n'));
}

/** How to get Debian packages by hand. */
export function installCommand(names: readonly string[]): string {
  return `sudo apt-get install --no-install-recommends ${names.join(' ')}`;
}

async function privilege(): Promise<Privilege> {
  if (process.platform !== 'linux' || !existsSync(APT)) return null;
  if (process.getuid?.() === 0) return [];
  const sudo = ['sudo', '-n'];
  return run('sudo', ['-n', 'true'], { timeout: ASK_LIMIT_MS }).then(
    () => sudo,
    () => null,
  );
}

/** Runs apt-get, waiting for another one to finish first; answers why it failed, if it did. */
async function apt(asRoot: string[], args: string[]): Promise<string | null> {
  const settings = ['env', 'DEBIAN_FRONTEND=noninteractive', APT, '-o', 'DPkg::Lock::Timeout=120'];
  const [command = 'env', ...rest] = [...asRoot, ...settings, ...args];
  try {
    await run(command, rest, { timeout: INSTALL_LIMIT_MS, maxBuffer: MAX_OUTPUT_BYTES });
    return null;
  } catch (error) {
    const {
      stdout = '',
      stderr = '',
      killed,
    } = error as { stdout?: string; stderr?: string; killed?: boolean };
    const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-SHOWN_LINES);
    return [`apt-get ${args[0]} ${killed ? 'took too long' : 'failed'}:`, ...said].join('\n');
  }
}
