import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { percentile } from '../../bench/percentile.ts';
import type { Attack } from './attack.ts';
import { attacks } from './attacks/all.ts';
import { type DatabaseName, fillDatabase } from './database.ts';
import { type Result, runAttack, runCrowd, type Scene } from './run.ts';

const USAGE = `npm run test:abuse -- [--seconds N] [--only TEXT,…] [--database sqlite|mysql] [--app DIRECTORY] [--messages N]

Lets one client attack a real server, one attack after another, while six honest people send a message every 100 ms each.
All of them come from the same address. The server, the people and the attacker are processes of their own.

  --seconds    how long each attack is measured (7 by default)
  --only       runs the attacks whose names contain one of these texts; "crowd" is the check of 5,000 sockets
  --app        attacks the server of another checkout, which must be installed
  --messages   how many messages the long room holds (100,000 by default)

The columns: milliseconds of an honest send to its ack, and how many sends were refused; MiB of
resident memory before the attack, how much more was seen at most, how much more the server held during the attack after a
garbage collection, and how much more afterwards. An attack passes if the p99 is under 100 ms, no honest send failed, and
the server holds at most the bound.`;

const P99_MS = 100;
const BOUND_MIB = 20;
const SOCKETS = 5_000;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '7' },
      only: { type: 'string', default: '' },
      database: { type: 'string', default: 'sqlite' },
      app: { type: 'string', default: resolve(import.meta.dirname, '../..') },
      messages: { type: 'string', default: '100000' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return print(USAGE);
  const parts = values.only.split(',');
  const isChosen = (name: string) => parts.some((part) => name.includes(part));
  const app = resolve(values.app);
  const filling = { app, messages: Number(values.messages) };
  await using database = await fillDatabase(values.database as DatabaseName, filling);
  const scene = { app, database, seconds: Number(values.seconds), warmUpSeconds: 3 };
  print(row(HEADINGS));
  print(row(HEADINGS.map(() => '---')));
  if (isChosen('none')) await report(scene, undefined);
  for (const attack of attacks) if (isChosen(attack.name)) await report(scene, attack);
  if (isChosen('crowd')) await reportCrowd(scene);
}

const HEADINGS = [
  'attack',
  'by',
  'p50',
  'p99',
  'failed',
  'before',
  'peak',
  'held',
  'after',
  'bound',
  'verdict',
];

async function report(scene: Scene, attack: Attack | undefined): Promise<void> {
  const name = attack?.name ?? 'none';
  const by = attack?.person ?? '';
  const result = await runAttack(scene, attack);
  if ('cannotRun' in result) return print(row([name, by, `cannot run: ${result.cannotRun}`]));
  const { before, peak, held, after, sends } = result;
  const boundMiB = attack?.boundMiB ?? BOUND_MIB;
  const isGood = passes(result, boundMiB);
  if (!isGood) process.exitCode = 1;
  print(
    row([
      ...[name, by, percentile(sends, 0.5).toFixed(1), percentile(sends, 0.99).toFixed(1)],
      ...[String(result.failed), before.toFixed(0), signed(peak - before)],
      ...[signed(held - before), signed(after - before), String(boundMiB), isGood ? 'ok' : 'OVER'],
    ]),
  );
}

function passes({ sends, failed, before, held }: Result, boundMiB: number): boolean {
  return percentile(sends, 0.99) < P99_MS && failed === 0 && held - before <= boundMiB;
}

async function reportCrowd(scene: Scene): Promise<void> {
  const result = await runCrowd(scene, SOCKETS);
  if ('cannotRun' in result) return print(`crowd: cannot run: ${result.cannotRun}`);
  const { served, of, ms } = result;
  print(
    `crowd: ${served} of ${of} sockets from one address were served, within ${(ms / 1_000).toFixed(0)} s`,
  );
  if (served < of) process.exitCode = 1;
}

function signed(mib: number): string {
  return `${mib < 0 ? '−' : '+'}${Math.abs(mib).toFixed(0)}`;
}

function row(cells: string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

await main();
