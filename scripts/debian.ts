import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

const APT = '/usr/bin/apt-get';
/** Package servers can be slow. After this long nobody should have to wait any more. */
const INSTALL_LIMIT_MS = 10 * 60_000;
const ASK_LIMIT_MS = 10_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const SHOWN_LINES = 10;

/** The words before a command that run it as root. Empty for root itself; null if this user may not become root. */
type Privilege = string[] | null;

/**
 * Whether Debian packages can be installed without a question: there is apt-get, and this user is root or has sudo
 * without a password.
 */
export async function mayInstallPackages(): Promise<boolean> {
  return (await privilege()) !== null;
}

/**
 * Installs Debian packages without the packages they recommend. Prints nothing.
 * @throws Error with the last lines of the installer's output if it fails or takes more than ten minutes.
 */
export async function installPackages(names: readonly string[]): Promise<void> {
  const asRoot = await privilege();
  if (!asRoot) throw new Error('Packages cannot be installed by this user.');
  // The update fails if one of many sources is broken. The packages may be there all the same.
  const stale = await apt(asRoot, ['update']);
  const failure = await apt(asRoot, ['install', '--yes', '--no-install-recommends', ...names]);
  if (failure) throw new Error([stale, failure].filter(Boolean).join('\n'));
}

/** The command that installs Debian packages by hand. */
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

/** Runs apt-get. Waits for another apt-get to finish first. @returns the error text; null if it succeeded. */
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
