import { existsSync } from 'node:fs';
import { findPocketsphinx } from '../server/transcriber/pocketsphinx/engine.ts';
import { findMysqlHome } from '../testing/mysqlServers.ts';
import { missingProxies } from '../testing/proxies/proxies.ts';
import { findRedis } from '../testing/redisServer.ts';
import { findChromium } from './chromium.ts';
import { installCommand, installPackages, mayInstallPackages } from './debian.ts';

/** A program or file that the tests use and npm does not install. */
type Need = { what: string; packages: string[]; isThere: () => boolean };

const NEEDS: Need[] = [
  {
    what: 'Chromium (or its path in CHROMIUM_PATH)',
    packages: ['chromium'],
    isThere: () => findChromium() !== undefined,
  },
  {
    what: 'the recordings of a human voice in /usr/share/sounds/alsa',
    packages: ['alsa-utils'],
    isThere: () => existsSync('/usr/share/sounds/alsa/Front_Center.wav'),
  },
  {
    what: 'PocketSphinx with its English model',
    packages: ['libpocketsphinx3', 'pocketsphinx-en-us'],
    isThere: () => findPocketsphinx().ok,
  },
  {
    what: 'bzip2',
    packages: ['bzip2'],
    isThere: () => ['/bin', '/usr/bin'].some((directory) => existsSync(`${directory}/bzip2`)),
  },
  {
    what: 'MariaDB',
    packages: ['mariadb-server'],
    isThere: () => existsSync('/usr/sbin/mariadbd'),
  },
  {
    what: 'Redis or Valkey',
    packages: ['redis-server'],
    isThere: () => findRedis() !== undefined,
  },
  {
    what: 'the proxies nginx, HAProxy and Caddy',
    packages: ['nginx-light', 'haproxy', 'caddy'],
    isThere: () => missingProxies().length === 0,
  },
];

const missing = () => NEEDS.filter(({ isThere }) => !isThere());
const packagesOf = (needs: Need[]) => needs.flatMap(({ packages }) => packages);

/** Installs packages where that needs no password. @returns the installer's error, if it failed. */
async function install(packages: string[]): Promise<string | undefined> {
  if (!(await mayInstallPackages())) return undefined;
  process.stdout.write(`Installing for the tests: ${packages.join(', ')} …\n`);
  try {
    await installPackages(packages);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Installs what the tests need. If something is still missing, it names it and exits with 1, so that no test runs. */
async function prepareTests(): Promise<void> {
  if (missing().length === 0) return;
  const failure = await install(packagesOf(missing()));
  const left = missing();
  if (left.length === 0) return;
  const lines = [
    ...(failure ? [failure, ''] : []),
    'The tests need these programs and files, which are missing on this machine:',
    ...left.map(({ what, packages }) => `  - ${what}  (Debian: ${packages.join(', ')})`),
    `On Debian or Ubuntu: ${installCommand(packagesOf(left))}`,
  ];
  process.stderr.write(`${lines.join('\n')}\n`);
  process.exitCode = 1;
}

/** Oracle MySQL is not among Debian's packages. It is tested only where somebody has unpacked it. */
function sayWhatIsLeftOut(): void {
  if (findMysqlHome()) return;
  process.stdout.write(
    'Not tested: the store on Oracle MySQL. To test it, unpack a MySQL and set MYSQL_HOME to its folder.\n',
  );
}

await prepareTests();
sayWhatIsLeftOut();
