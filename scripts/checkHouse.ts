import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join, posix, resolve } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';

/** A folder with more source files than this is split. Tests stand beside what they test and do not count. */
const FILES_IN_A_FOLDER = 20;

const DOMAIN = ['server/auth', 'server/chat', 'server/speech'];
const BELOW = ['contract', 'server/log.ts', 'server/flow'];

/**
 * Each room of the house, and what its files may import from outside of it: a folder with all that is in it, or a file.
 * A file belongs to the innermost room that holds it. Imports run one way, so no room names one that stands above it.
 */
const HOUSE: Record<string, string[]> = {
  contract: [],

  'db/store.ts': ['contract'],
  'db/storeMethods.ts': ['contract', 'db/store.ts'],
  'db/sql': ['contract', 'db/store.ts', 'db/storeMethods.ts', 'db/storeUnavailable.ts'],
  'db/mysql': ['contract', 'db/store.ts', 'db/storeUnavailable.ts', 'db/sql'],
  'db/sqlite': ['contract', 'db/store.ts', 'db/storeMethods.ts', 'db/storeUnavailable.ts', 'db/sql'],
  db: ['contract'],

  'server/trustedProxies.ts': [],
  'server/config.ts': ['contract', 'server/trustedProxies.ts', 'server/auth/secret.ts'],
  'server/log.ts': ['contract'],
  'server/flow': ['contract', 'server/log.ts'],
  'server/bus/bus.ts': ['contract'],
  'server/bus': ['contract', 'server/log.ts'],
  'server/transcriber/transcriber.ts': ['contract'],
  'server/transcriber/aws': [...BELOW, 'server/transcriber/transcriber.ts'],
  'server/transcriber/local': [...BELOW, 'server/transcriber/transcriber.ts'],
  'server/transcriber/sherpa': [...BELOW, 'server/transcriber/transcriber.ts', 'server/transcriber/local'],
  'server/transcriber/pocketsphinx': [
    ...[...BELOW, 'server/transcriber/transcriber.ts', 'server/transcriber/local'],
  ],

  'server/auth': [...BELOW, 'db/store.ts'],
  'server/chat': [...BELOW, 'db/store.ts', 'server/bus/bus.ts', 'server/auth'],
  'server/speech': [
    ...[...BELOW, 'db/store.ts', 'server/bus/bus.ts', 'server/transcriber/transcriber.ts', 'server/chat'],
  ],
  'server/speech/microphone': [...BELOW, 'server/speech/placedAudio.ts'],
  'server/speech/recognition': [
    ...[...BELOW, 'server/speech/placedAudio.ts', 'server/transcriber/transcriber.ts'],
  ],
  'server/speech/captions': [...BELOW, 'server/bus/bus.ts', 'server/chat'],
  'server/speech/transcript': [...BELOW, 'db/store.ts', 'server/chat', 'server/speech/utterances.ts'],
  'server/services.ts': [...DOMAIN, 'server/flow'],

  'server/ops': [...BELOW, 'db/store.ts', 'server/bus/bus.ts', 'server/speech/meter.ts'],
  'server/trpc': [...BELOW, ...DOMAIN, 'server/services.ts'],
  'server/http': [
    ...BELOW,
    ...DOMAIN,
    'server/services.ts',
    'server/ops',
    'server/trpc',
    'server/trustedProxies.ts',
  ],
  'server/ws': [
    ...[...BELOW, 'server/services.ts', 'server/trpc', 'server/http/arrival.ts', 'server/http/origin.ts'],
    ...['server/http/hostRule.ts', 'server/http/problem.ts', 'server/http/session.ts'],
  ],
  'server/server.ts': [
    ...[...BELOW, ...DOMAIN, 'db/store.ts', 'server/bus/bus.ts', 'server/services.ts', 'server/ops'],
    ...['server/trpc', 'server/http', 'server/ws', 'server/trustedProxies.ts'],
  ],
  'server/main.ts': ['contract', 'db', 'server'],

  'client/sdk': ['contract'],
  // For the type of its router; Biome sees to it that nothing else is taken.
  'client/sdk/client.ts': ['contract', 'client/sdk', 'server/trpc/router.ts'],
  'client/audio': ['contract', 'client/sdk'],
  'client/state': ['contract', 'client/sdk', 'client/audio'],
  'client/i18n': ['contract', 'client/sdk', 'client/state/storage.ts'],
  'client/styles': [],
  'client/views': ['contract', 'client/sdk', 'client/state', 'client/i18n'],
  'client/main.tsx': ['client/views', 'client/styles'],
};

/** Files that only tests, benchmarks and scripts run. They may import anything, and no other file imports them. */
const OUTSIDE = /^(testing|bench|scripts|client\/e2e)\/|\/testing\/|\.test\.tsx?$|^[^/]+$/;

const SOURCES = '{contract,db,server,client,testing,bench,scripts}/**/*.{ts,tsx,js,mjs,css}';

/** Checks the project that stands at `root`. @returns a sentence for each wrong import and each crowded folder. */
export function findFaults(root: string): string[] {
  const files = globSync(SOURCES, { cwd: root, exclude: ['client/dist/**'] }).toSorted();
  return [...files.flatMap((file) => faultsIn(root, file)), ...findCrowded(files)];
}

function faultsIn(root: string, file: string): string[] {
  if (OUTSIDE.test(file) || file.endsWith('.css')) return [];
  const room = roomOf(file);
  if (room === undefined) return [`${file}: no room. Give it one in scripts/checkHouse.ts.`];
  const allowed = [room, ...(HOUSE[room] ?? [])];
  const mayImport = (target: string) =>
    !OUTSIDE.test(target) && allowed.some((place) => holds(place, target));
  return importsOf(file, readFileSync(join(root, file), 'utf8'))
    .filter((target) => !mayImport(target))
    .map((target) => `${file} must not import ${target}: ${room} stands below it, or beside it.`);
}

function roomOf(file: string): string | undefined {
  return Object.keys(HOUSE)
    .filter((room) => holds(room, file))
    .toSorted((a, b) => b.length - a.length)[0];
}

function holds(place: string, file: string): boolean {
  return file === place || file.startsWith(`${place}/`);
}

/** The project's own files that a file imports, in whatever form, types too. */
function importsOf(file: string, source: string): string[] {
  const { module, program } = parseSync(file, source);
  const specifiers = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) =>
      entries.map(({ moduleRequest }) => moduleRequest?.value),
    ),
  ];
  const note = ({ source }: { source: { type: string; value?: unknown } }) => {
    if (source.type === 'Literal' && typeof source.value === 'string') specifiers.push(source.value);
  };
  new Visitor({ ImportExpression: note, TSImportType: note }).visit(program);
  const targets = specifiers.filter((specifier) => specifier?.startsWith('.'));
  return [...new Set(targets.map((target) => posix.join(dirname(file), target ?? '')))];
}

function findCrowded(files: string[]): string[] {
  const counted = files.filter((file) => !/\.test\.tsx?$/.test(basename(file)));
  return [...Map.groupBy(counted, (file) => dirname(file))]
    .filter(([, { length }]) => length > FILES_IN_A_FOLDER)
    .map(
      ([folder, { length }]) => `${folder} holds ${length} source files; split it at ${FILES_IN_A_FOLDER}.`,
    );
}

if (import.meta.main) {
  const faults = findFaults(resolve(import.meta.dirname, '..'));
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  process.exitCode = faults.length > 0 ? 1 : 0;
}
