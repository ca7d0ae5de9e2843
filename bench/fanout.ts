import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from '../server/contract/limits.ts';
import { type LoadProcess, startLoad } from './fanout/pinned.ts';
import { type Stack, type StackName, startStack } from './fanout/stacks.ts';
import { percentile } from './percentile.ts';

/**
 * `npm run bench:fanout [-- quick]`: what it costs to tell everybody in a room, beside Socket.IO on Express and bare
 * `ws`. Server and load have a core each; the stacks take turns within every round, and ratios are taken within a
 * round. Roomscribe is the whole product: access, order, and every message committed before it is told.
 */
const THEIRS: StackName[] = ['ws', 'Socket.IO'];
const OURS: StackName[] = [
  'Roomscribe, SQLite',
  'Roomscribe, SQLite, Redis',
  'Roomscribe, MariaDB',
  'Roomscribe, MariaDB, Redis',
];
const BASE: StackName = 'Socket.IO';
const ROUNDS = 5;
const FOR_MS = 2_000;
const BURST = 64;
const PACED = { forMs: 5_000, perSecond: 20 };
const IDLE = 5_000;
const STORM = { clients: 1_000, behind: 200 };

type Figures = { oneByOne: number; bursts: number; p50: number; p99: number };
type Opened = LoadProcess & { name: StackName; stack: Stack };

async function main(quick: boolean): Promise<void> {
  const stacks = quick ? [...THEIRS, OURS[0] as StackName] : [...THEIRS, ...OURS];
  for (const subscribers of [100, 1_000]) await printDelivery(stacks, subscribers, quick ? 3 : ROUNDS);
  await printIdleMemory(['ws', BASE, 'Roomscribe, SQLite']);
  await printStalled();
  for (const name of quick ? OURS.slice(0, 1) : OURS) await printStorm(name);
}

async function printDelivery(names: StackName[], subscribers: number, rounds: number): Promise<void> {
  say(`\n${subscribers} subscribers; deliveries per second of server processor, medians of ${rounds} rounds`);
  const opened: Opened[] = [];
  for (const name of names) opened.push(await open(name, subscribers));
  const measured = new Map<StackName, Figures[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const one of opened) measured.get(one.name)?.push(await measure(one));
  }
  for (const one of opened) await close(one);
  const base = measured.get(BASE) as Figures[];
  for (const [name, figures] of measured) {
    const median = (figure: keyof Figures) =>
      percentile(
        figures.map((round) => round[figure]),
        0.5,
      );
    const ratio = (figure: keyof Figures) =>
      percentile(
        figures.map((round, i) => round[figure] / (base[i] as Figures)[figure]),
        0.5,
      );
    const shown = (figure: 'oneByOne' | 'bursts') =>
      `${Math.round(median(figure)).toLocaleString('en').padStart(10)} (${ratio(figure).toFixed(2)} ×)`;
    say(
      `  ${name.padEnd(28)} one by one ${shown('oneByOne')}   bursts of ${BURST} ${shown('bursts')}` +
        `   at ${PACED.perSecond}/s p50 ${median('p50').toFixed(1)} ms, p99 ${median('p99').toFixed(1)} ms (${ratio('p99').toFixed(2)} ×)`,
    );
  }
}

async function measure({ stack, load }: Opened): Promise<Figures> {
  const perCpuSecond = async (act: () => Promise<number>) => {
    const before = await stack.cpuMs();
    const delivered = await act();
    return (delivered * 1_000) / ((await stack.cpuMs()) - before);
  };
  await load.oneByOne(FOR_MS / 5);
  const oneByOne = await perCpuSecond(() => load.oneByOne(FOR_MS));
  const bursts = await perCpuSecond(() => load.bursts(FOR_MS, BURST));
  const latencies = await load.paced(PACED.forMs, PACED.perSecond);
  return { oneByOne, bursts, p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) };
}

async function printIdleMemory(names: StackName[]): Promise<void> {
  say(`\n${IDLE.toLocaleString('en')} subscribers who hear nothing; resident memory each`);
  for (const name of names) {
    const stack = await startStack(name);
    const seats = await stack.seats(IDLE);
    const before = await stack.memoryBytes();
    const { load, stop } = startLoad();
    await load.connect(stack, seats);
    await sleep(6_000);
    const each = ((await stack.memoryBytes()) - before) / IDLE / 1_024;
    say(`  ${name.padEnd(28)} ${each.toFixed(1)} KiB`);
    await load.close();
    await stop();
    await stack.stop();
  }
}

/** The same bursts with and without subscribers who do not read, on our own server. */
async function printStalled(): Promise<void> {
  const stalled = 50;
  const opened = await open('Roomscribe, SQLite', 200);
  const { stack, load } = opened;
  await load.bursts(FOR_MS, BURST);
  const rate = async () => {
    const from = performance.now();
    const delivered = await load.bursts(FOR_MS, BURST);
    return (delivered * 1_000) / (performance.now() - from);
  };
  const freely = await rate();
  const before = await stack.memoryBytes();
  await load.stall(stalled);
  const beside = await rate();
  const each = ((await stack.memoryBytes()) - before) / stalled / 1_024;
  say(`\n${stalled} of 200 subscribers read nothing (limit ${LIMITS.unreadEventBytes / 1_024} KiB each)`);
  say(
    `  memory each ${each.toFixed(0)} KiB; the others are told ${(beside / freely / ((200 - stalled) / 200)).toFixed(2)} × as much each`,
  );
  await close(opened);
}

/** Everybody comes back at once, each up to so many changes behind; on a running server, and on one that has just started. */
async function printStorm(name: StackName): Promise<void> {
  const { clients, behind } = STORM;
  const opened = await open(name, 1, clients);
  const { stack, load, seats } = opened;
  await load.bursts(1, behind);
  await load.bursts(1, behind);
  const head = 2 * behind;
  const cursors = seats.map((_, i) => head - 1 - (i % behind));
  const missed = cursors.reduce((sum, cursor) => sum + head - cursor, 0);
  const ms = await load.storm(stack, seats, cursors, head);
  say(
    `\n${clients.toLocaleString('en')} clients come back at once to ${name}, having missed ${missed.toLocaleString('en')} changes`,
  );
  say(`  all had seen all, once and in order, after ${Math.round(ms)} ms`);
  await stack.restart?.();
  const again = await load.storm(stack, seats, cursors, head);
  say(`  the same, with a server that has just started: ${Math.round(again)} ms`);
  await close(opened);
}

async function open(name: StackName, subscribers: number, members = subscribers) {
  const stack = await startStack(name);
  const seats = await stack.seats(members);
  const { load, stop } = startLoad();
  await load.connect(stack, seats.slice(0, subscribers));
  // Until everybody has been told who came.
  await sleep(500);
  return { name, stack, seats, load, stop };
}

async function close({ load, stop, stack }: Opened): Promise<void> {
  await load.close();
  await stop();
  await stack.stop();
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

await main(process.argv.includes('quick'));
