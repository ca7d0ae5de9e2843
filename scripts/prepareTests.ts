import { existsSync } from 'node:fs';
import { findPocketsphinx } from '../server/transcriber/pocketsphinx/engine.ts';
import { findMysqlHome } from '../testing/mysqlServers.ts';
import { findRedis } from '../testing/redisServer.ts';
import { findChromium } from './chromium.ts';
import { installCommand, installPackages, mayInstallPackages } from './debian.ts';

/** Something on the machine that tests use and npm does not bring. */
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
];

const missing = () => NEEDS.filter(({ isThere }) => !isThere());
const packagesOf = (needs: Need[]) => needs.flatMap(({ packages }) => packages);

/** Why installing did not help, if it was tried and failed. */
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

/** Makes sure that every test can run; what cannot be installed is named, and nothing is tested then. */
async function prepareTests(): Promise<void> {
  if (missing().length === 0) return;
  const failure = await install(packagesOf(missing()));
  const left = missing();
  if (left.length === 0) return;
  const lines = [
    ...(failure ? [failure, ''] : []),
    'The tests need what is not on this machine:',
    ...left.map(({ what, packages }) => `  - ${what}  (Debian: ${packages.join(', ')})`),
    `On Debian or Ubuntu: ${installCommand(packagesOf(left))}`,
  ];
  process.stderr.write(`${lines.join('\n')}\n`);
  process.exitCode = 1;
}

/** What is tested where it is, and cannot be installed from the distribution's packages. */
function sayWhatIsLeftOut(): void {
  if (findMysqlHome()) return;
  process.stdout.write('Left out: the store on Oracle MySQL; MYSQL_HOME can name where one is unpacked.\n');
}

await prepareTests();
sayWhatIsLeftOut();
