import { parseArgs } from 'node:util';
import { findMysqlHome } from '../mysqlServers.ts';
import { PROXIES, type ProxyName } from '../proxies/proxies.ts';
import { type Report, runFaults } from './run.ts';
import type { DatabaseName, Setting } from './stage.ts';
import { hasFindings, TABLE_HEAD, tableRow } from './table.ts';
import { timeOf } from './wordAudit.ts';

const USAGE = `npm run test:faults -- [--kills N] [--seed N] [--database sqlite|mariadb|mysql] [--servers N] [--proxy NAME]
  [--short] [--only NAME,…]

Kills, freezes and disconnects real servers, databases, buses and the speech engine while people type and speak. Then it
compares what people typed, said and were shown with the database. A run ends after N kills (50 by default). The same --seed
picks the same faults. Without --database there is a run for every installed database, with one server and with three
(SQLite: one), and one behind each proxy of docs/proxies.md (${PROXIES.join(', ')}). Some faults of the engine last for over a
minute, so that a gap must be told; with --short none does. --only engine,database injects only the faults of those names.

Messages. The last five columns must be 0, or the exit code is 1:
  acked      messages that were acknowledged
  repeats    calls that clients had to make again
  shown      messages that were shown, over all clients
  lost       messages that were acked and are not in the database, or that somebody was not shown
  doubled    messages that are in the database twice, or that somebody was shown twice
  reordered  gaps in the numbers, or messages that were shown out of order
  unstored   messages that were shown and are not in the database
  resets     how often a client was told to reload a room
Words. All but "spoken" and "late s" must be 0:
  spoken     words that were said
  lost       words that are in no message, and in no gap either
  doubled    words that are in the messages twice, or that nobody said
  reordered  words and gaps that stand before others that were said earlier
  late s     the largest difference between the times of a stream and the times when its words were said
Gaps:
  seconds    how much audio the rooms were told to be lost
  causeless  must be 0: missing words without a gap, gaps that no fault explains, and gaps longer than what is missing
Ghosts       must be 0: how often somebody was shown as present or speaking 15 s after they were gone`;

const SECONDS_PER_KILL = 60;

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
      short: { type: 'boolean', default: false },
      only: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return print(USAGE);
  const [kills, seed] = [Number(values.kills), Number(values.seed)];
  print(`Seed ${seed} (repeat this run with --seed ${seed})\n${TABLE_HEAD}`);
  const reports: Report[] = [];
  for (const setting of settings(values)) {
    const limitMs = kills * SECONDS_PER_KILL * 1_000;
    const people = { people: 8, speakers: 3, rooms: 3 };
    const report = await runFaults({
      ...{ ...setting, ...people, kills, seed, limitMs },
      ...{ withLongFaults: !values.short, only: values.only?.split(',') },
    });
    reports.push(report);
    printReport(setting, report);
  }
  print(`Kills in total: ${reports.reduce((total, report) => total + report.kills, 0)}`);
  if (!reports.some(hasFindings)) {
    return print('Passed: nothing was lost, doubled, reordered, or shown and not true.');
  }
  print('FAILED: the columns named in --help must all be 0.');
  process.exitCode = 1;
}

function printReport(setting: Setting, report: Report): void {
  print(tableRow(setting, report));
  if (setting.proxy) print(`  behind ${setting.proxy}`);
  const byName = Map.groupBy(report.faults, ({ name }) => name);
  print(`  faults: ${[...byName].map(([name, { length }]) => `${name} ${length} ×`).join(', ')}`);
  if (hasFindings(report)) printDetails(report);
}

/** What was found, and which faults were injected when. */
function printDetails({ notes, faults }: Report): void {
  const byTime = faults.toSorted((a, b) => a.from - b.from);
  for (const { name, from, to } of byTime) print(`  ${timeOf(from)} to ${timeOf(to)} ${name}`);
  for (const note of notes) print(`  ${note}`);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

await main();
