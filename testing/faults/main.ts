import { parseArgs } from 'node:util';
import { findMysqlHome } from '../mysqlServers.ts';
import { type Plan, type Report, runFaults } from './run.ts';
import type { DatabaseName } from './stage.ts';

const USAGE = `npm run test:faults -- [--kills N] [--seed N] [--database sqlite|mariadb|mysql] [--servers N]

Kills, freezes and cuts real servers, databases and buses while people talk, and counts what was lost, doubled,
reordered, or shown and not kept. Without --database: every database there is, with one server and with three.`;

const SECONDS_A_KILL = 20;

type Setting = { database: DatabaseName; servers: number };

function settings(database: string | undefined, servers: string | undefined): Setting[] {
  if (database) return [{ database: database as DatabaseName, servers: Number(servers ?? 1) }];
  const server: DatabaseName[] = findMysqlHome() ? ['mariadb', 'mysql'] : ['mariadb'];
  return [
    { database: 'sqlite', servers: 1 },
    ...server.flatMap((name) => [1, 3].map((count) => ({ database: name, servers: count }))),
  ];
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '50' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      database: { type: 'string' },
      servers: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return say(USAGE);
  const kills = Number(values.kills);
  const seed = Number(values.seed);
  say(`seed ${seed}\n${row(HEADINGS)}`);
  const reports: Report[] = [];
  for (const setting of settings(values.database, values.servers)) {
    const plan: Plan = {
      ...setting,
      kills,
      seed,
      people: 8,
      rooms: 3,
      limitMs: kills * SECONDS_A_KILL * 1_000,
    };
    const report = await runFaults(plan);
    reports.push(report);
    say(row([setting.database, String(setting.servers), ...figures(report)]));
    say(`  ${[...report.faults].map(([name, times]) => `${name} ${times}`).join(', ')}`);
  }
  say(`kills in total: ${reports.reduce((total, report) => total + report.kills, 0)}`);
  if (reports.some(isFaulty)) process.exitCode = 1;
}

const HEADINGS = [
  ...['database', 'servers', 'kills', 'seconds', 'acked', 'repeats', 'shown'],
  ...['lost', 'doubled', 'reordered', 'unkept', 'resets'],
];

function figures({
  kills,
  seconds,
  acked,
  repeats,
  shown,
  lost,
  doubled,
  reordered,
  unkept,
  resets,
}: Report) {
  const counts = [
    kills,
    Math.round(seconds),
    acked,
    repeats,
    shown,
    lost,
    doubled,
    reordered,
    unkept,
    resets,
  ];
  return counts.map(String);
}

function isFaulty({ lost, doubled, reordered, unkept, resets }: Report): boolean {
  return lost + doubled + reordered + unkept + resets > 0;
}

function row(cells: string[]): string {
  return cells.map((cell) => cell.padStart(10)).join('');
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

await main();
