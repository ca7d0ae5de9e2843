import { parseArgs } from 'node:util';
import { findMysqlHome } from '../mysqlServers.ts';
import { PROXIES, type ProxyName } from '../proxies/proxies.ts';
import { type Report, runFaults } from './run.ts';
import type { DatabaseName, Setting } from './stage.ts';

const USAGE = `npm run test:faults -- [--kills N] [--seed N] [--database sqlite|mariadb|mysql] [--servers N] [--proxy NAME]

Kills, freezes and disconnects real servers, databases and buses while people chat. Then it compares what people were
shown with the database. A run ends after N kills (50 by default). The same --seed picks the same faults. Without --database
there is a run for every installed database, with one server and with three (SQLite: one), and one behind each proxy of
docs/proxies.md (${PROXIES.join(', ')}).

The last five columns must be 0, or the exit code is 1:
  lost       messages that were acked and are not in the database, or that somebody was not shown
  doubled    messages that are in the database twice, or that somebody was shown twice
  reordered  gaps in the numbers, or messages that were shown out of order
  unstored   messages that were shown and are not in the database
  resets     how often a client was told to reload a room
The others: acked messages, repeats (calls that clients had to make again), and shown messages, over all clients.`;

const SECONDS_PER_KILL = 20;

type Choice = { database?: string | undefined; servers?: string | undefined; proxy?: string | undefined };

function settings({ database, servers, proxy }: Choice): Setting[] {
  if (database || proxy) {
    const chosen = {
      database: (database ?? 'mariadb') as DatabaseName,
      proxy: proxy as ProxyName | undefined,
    };
    return [{ ...chosen, servers: Number(servers ?? (proxy ? 3 : 1)) }];
  }
  const server: DatabaseName[] = findMysqlHome() ? ['mariadb', 'mysql'] : ['mariadb'];
  return [
    { database: 'sqlite', servers: 1 },
    ...server.flatMap((name) => [1, 3].map((count) => ({ database: name, servers: count }))),
    ...PROXIES.map((name): Setting => ({ database: 'mariadb', servers: 3, proxy: name })),
  ];
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '50' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      database: { type: 'string' },
      servers: { type: 'string' },
      proxy: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return print(USAGE);
  const [kills, seed] = [Number(values.kills), Number(values.seed)];
  print(`Seed ${seed} (repeat this run with --seed ${seed})\n${row(HEADINGS)}`);
  const reports: Report[] = [];
  for (const setting of settings(values)) {
    const limitMs = kills * SECONDS_PER_KILL * 1_000;
    const report = await runFaults({ ...setting, kills, seed, people: 8, rooms: 3, limitMs });
    reports.push(report);
    printReport(setting, report);
  }
  print(`Kills in total: ${reports.reduce((total, report) => total + report.kills, 0)}`);
  if (!reports.some(hasFindings)) {
    return print('Passed: nothing was lost, doubled, reordered, or shown and not stored.');
  }
  print('FAILED: the last five columns must all be 0.');
  process.exitCode = 1;
}

function printReport({ database, servers, proxy }: Setting, report: Report): void {
  print(row([database, String(servers), ...figures(report)]));
  if (proxy) print(`  behind ${proxy}`);
  print(`  faults: ${[...report.faults].map(([name, times]) => `${name} ${times} ×`).join(', ')}`);
}

const COUNTS = [
  ...(['kills', 'seconds', 'acked', 'repeats', 'shown'] as const),
  ...(['lost', 'doubled', 'reordered', 'unstored', 'resets'] as const),
];
const HEADINGS = ['database', 'servers', ...COUNTS];

function figures(report: Report): string[] {
  return COUNTS.map((count) => String(Math.round(report[count])));
}

function hasFindings({ lost, doubled, reordered, unstored, resets }: Report): boolean {
  return lost + doubled + reordered + unstored + resets > 0;
}

function row(cells: string[]): string {
  return cells.map((cell) => cell.padStart(10)).join('');
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

await main();
