import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from '../contract/limits.ts';
import { type LoadProcess, startLoad } from './fanout/pinned.ts';
import { type Stack, type StackName, startStack } from './fanout/stacks.ts';
import { percentile } from './percentile.ts';

/**
 * `npm run bench:fanout [-- WORDS]`: what it costs to tell everybody in a room, beside Socket.IO on Express and bare
 * `ws`. Server and load have a core each; the stacks take turns within every round, and ratios are taken within a
 * round. Roomscribe is the whole product: access, order, and every message committed before it is told.
 *
 * The words choose, so that one figure can be had again soon: parts (one-by-one, bursts, paced, idle, stalled, storm),
 * settings of Roomscribe (sqlite, sqlite-redis, mariadb, mariadb-redis), how many subscribers (100, 1000), and
 * `rounds=N`. Of what is not named, all. For example `npm run bench:fanout -- paced one-by-one sqlite 1000 rounds=5`.
 */
const THEIRS: StackName[] = ['ws', 'Socket.IO'];
const OURS: Record<string, StackName> = {
  sqlite: 'Roomscribe, SQLite',
  'sqlite-redis': 'Roomscribe, SQLite, Redis',
  mariadb: 'Roomscribe, MariaDB',
  'mariadb-redis': 'Roomscribe, MariaDB, Redis',
};
const BASE: StackName = 'Socket.IO';
const ROUNDS = 3;
const SIZES = ['100', '1000'];
const DELIVERY = ['one-by-one', 'bursts', 'paced'];
const PARTS = [...DELIVERY, 'idle', 'stalled', 'storm'];
const FOR_MS = 2_000;
const BURST = 64;
const PACED = { forMs: 8_000, perSecond: 20 };
const IDLE = 5_000;
const STORM = { clients: 1_000, behind: 200 };

type Kind = 'oneByOne' | 'bursts' | 'p50' | 'p99';
type Measure = (opened: Opened) => Promise<Partial<Record<Kind, number>>>;
type Opened = LoadProcess & { name: StackName; stack: Stack };

async function main(words: string[]): Promise<void> {
  const chosen = (all: string[]) => {
    const named = all.filter((word) => words.includes(word));
    return named.length > 0 ? named : all;
  };
  const parts = chosen(PARTS);
  const ours = chosen(Object.keys(OURS)).map((word) => OURS[word] as StackName);
  const rounds = Number(words.find((word) => word.startsWith('rounds='))?.slice(7) ?? ROUNDS);
  const measures = DELIVERY.filter((part) => parts.includes(part)).map((part) => MEASURES[part] as Measure);
  for (const size of measures.length > 0 ? chosen(SIZES) : []) {
    await printDelivery([...THEIRS, ...ours], Number(size), measures, rounds);
  }
  if (parts.includes('idle')) await printIdleMemory(['ws', BASE, 'Roomscribe, SQLite']);
  if (parts.includes('stalled')) await printStalled();
  for (const name of parts.includes('storm') ? ours : []) await printStorm(name);
}

async function printDelivery(
  names: StackName[],
  subscribers: number,
  measures: Measure[],
  rounds: number,
): Promise<void> {
  say(`\n${subscribers} subscribers; deliveries per second of server processor, medians of ${rounds} rounds`);
  const opened: Opened[] = [];
  for (const name of names) opened.push(await open(name, subscribers));
  const figures = new Map<StackName, Record<Kind, number[]>>(
    names.map((name) => [name, { oneByOne: [], bursts: [], p50: [], p99: [] }]),
  );
  for (const measure of measures) {
    for (let round = 0; round < rounds; round += 1) {
      for (const one of opened) {
        const found = Object.entries(await measure(one)) as [Kind, number][];
        for (const [kind, figure] of found) figures.get(one.name)?.[kind].push(figure);
      }
    }
  }
  for (const one of opened) await close(one);
  for (const name of names) printStack(name, figures);
}

function printStack(name: StackName, figures: Map<StackName, Record<Kind, number[]>>): void {
  const [own, base] = [figures.get(name), figures.get(BASE)] as [
    Record<Kind, number[]>,
    Record<Kind, number[]>,
  ];
  const median = (kind: Kind) => percentile(own[kind], 0.5);
  const ratio = (kind: Kind) => {
    const ratios = own[kind].map((figure, round) => figure / (base[kind][round] as number));
    const [least, middle, most] = [0, 0.5, 1].map((share) => percentile(ratios, share).toFixed(2));
    return `(${middle} ×, ${least} to ${most})`;
  };
  const rate = (kind: Kind) => `${Math.round(median(kind)).toLocaleString('en').padStart(9)} ${ratio(kind)}`;
  const ms = (kind: Kind) => `${kind} ${median(kind).toFixed(1)} ms`;
  const told = [
    ...(own.oneByOne.length > 0 ? [`one by one ${rate('oneByOne')}`] : []),
    ...(own.bursts.length > 0 ? [`bursts of ${BURST} ${rate('bursts')}`] : []),
    ...(own.p99.length > 0 ? [`at ${PACED.perSecond}/s ${ms('p50')}, ${ms('p99')} ${ratio('p99')}`] : []),
  ];
  say(`  ${name.padEnd(28)} ${told.join('   ')}`);
}

async function measureOneByOne({ stack, load }: Opened) {
  await load.oneByOne(FOR_MS / 5);
  return { oneByOne: await perCpuSecond(stack, () => load.oneByOne(FOR_MS)) };
}

async function measureBursts({ stack, load }: Opened) {
  await load.bursts(FOR_MS / 5, BURST);
  return { bursts: await perCpuSecond(stack, () => load.bursts(FOR_MS, BURST)) };
}

async function measurePaced({ load }: Opened) {
  await load.paced(PACED.forMs / 5, PACED.perSecond);
  const latencies = await load.paced(PACED.forMs, PACED.perSecond);
  return { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) };
}

const MEASURES: Record<string, Measure> = {
  'one-by-one': measureOneByOne,
  bursts: measureBursts,
  paced: measurePaced,
};

async function perCpuSecond(stack: Stack, act: () => Promise<number>): Promise<number> {
  const before = await stack.cpuMs();
  const delivered = await act();
  return (delivered * 1_000) / ((await stack.cpuMs()) - before);
}

async function printIdleMemory(names: StackName[]): Promise<void> {
  say(`\n${IDLE.toLocaleString('en')} subscribers who hear nothing; resident memory each`);
  for (const name of names) {
    const stack = await startStack(name);
    const seats = await stack.seats(IDLE);
    // So that what it took to make them is not counted, nor hides anything.
    await stack.restart?.();
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

await main(process.argv.slice(2));
