import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from '../contract/limits.ts';
import { type LoadProcess, startLoad } from './fanout/pinned.ts';
import { type Stack, type StackName, startStack } from './fanout/stacks.ts';
import { percentile } from './percentile.ts';

/**
 * `npm run bench:fanout [-- WORDS]` measures what it costs to deliver messages to everybody in a room. It compares
 * Roomscribe with Socket.IO on Express and with bare `ws`. Roomscribe runs as the whole product: it checks access, keeps
 * the order, and commits each message before it delivers it.
 *
 * The server and the load run on a core each. Every round measures all servers one after the other, and each ratio
 * compares figures of the same round, because the speed of the machine changes over time.
 *
 * The words choose what runs: parts (one-by-one, bursts, paced, idle, stalled, storm), setups of Roomscribe (sqlite,
 * sqlite-redis, mariadb, mariadb-redis), numbers of subscribers (100, 1000), and `rounds=N`. If no word of a kind is
 * given, all of that kind run. Example: `npm run bench:fanout -- paced one-by-one sqlite 1000 rounds=5`.
 */
const THEIRS: StackName[] = ['ws', 'Socket.IO'];
const OURS: Record<string, StackName> = {
  sqlite: 'Roomscribe, SQLite',
  'sqlite-redis': 'Roomscribe, SQLite, Redis',
  mariadb: 'Roomscribe, MariaDB',
  'mariadb-redis': 'Roomscribe, MariaDB, Redis',
};
/** All ratios compare with this server. */
const BASE: StackName = 'Socket.IO';
const ROUNDS = 3;
const SIZES = ['100', '1000'];
const DELIVERY = ['one-by-one', 'bursts', 'paced'];
const PARTS = [...DELIVERY, 'idle', 'stalled', 'storm'];
const RUN_MS = 2_000;
const BURST_MESSAGES = 64;
const PACED = { forMs: 8_000, perSecond: 20 };
const IDLE_SUBSCRIBERS = 5_000;
/** `behind`: how many changes the client that missed the most has to catch up on. */
const STORM = { clients: 1_000, behind: 200 };
/** How long the server has to become quiet before its idle memory is read. */
const IDLE_SETTLE_MS = 6_000;
/** How long the presence events of the people who came take at most. */
const PRESENCE_MS = 500;

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
  print(
    `\n${subscribers} subscribers; deliveries per second of the server's processor time, medians of ${rounds} rounds`,
  );
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
  const columns = [
    ...(own.oneByOne.length > 0 ? [`one by one ${rate('oneByOne')}`] : []),
    ...(own.bursts.length > 0 ? [`bursts of ${BURST_MESSAGES} ${rate('bursts')}`] : []),
    ...(own.p99.length > 0 ? [`at ${PACED.perSecond}/s ${ms('p50')}, ${ms('p99')} ${ratio('p99')}`] : []),
  ];
  print(`  ${name.padEnd(28)} ${columns.join('   ')}`);
}

async function measureOneByOne({ stack, load }: Opened) {
  await load.oneByOne(RUN_MS / 5);
  return { oneByOne: await perCpuSecond(stack, () => load.oneByOne(RUN_MS)) };
}

async function measureBursts({ stack, load }: Opened) {
  await load.bursts(RUN_MS / 5, BURST_MESSAGES);
  return { bursts: await perCpuSecond(stack, () => load.bursts(RUN_MS, BURST_MESSAGES)) };
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
  print(
    `\n${IDLE_SUBSCRIBERS.toLocaleString('en')} subscribers to whom nobody sends anything; resident memory per subscriber`,
  );
  for (const name of names) {
    const stack = await startStack(name);
    const seats = await stack.seats(IDLE_SUBSCRIBERS);
    // The restart frees the memory that creating the members has used.
    await stack.restart?.();
    const before = await stack.memoryBytes();
    const { load, stop } = startLoad();
    await load.connect(stack, seats);
    await sleep(IDLE_SETTLE_MS);
    const each = ((await stack.memoryBytes()) - before) / IDLE_SUBSCRIBERS / 1_024;
    print(`  ${name.padEnd(28)} ${each.toFixed(1)} KiB`);
    await load.close();
    await stop();
    await stack.stop();
  }
}

/** Compares the same bursts with and without subscribers that stop reading, on Roomscribe alone. */
async function printStalled(): Promise<void> {
  const [subscribers, stalled] = [200, 50];
  const opened = await open('Roomscribe, SQLite', subscribers);
  const { stack, load } = opened;
  await load.bursts(RUN_MS, BURST_MESSAGES);
  const rate = async () => {
    const from = performance.now();
    const delivered = await load.bursts(RUN_MS, BURST_MESSAGES);
    return (delivered * 1_000) / (performance.now() - from);
  };
  const rateBefore = await rate();
  const before = await stack.memoryBytes();
  await load.stall(stalled);
  const rateBeside = await rate();
  const each = ((await stack.memoryBytes()) - before) / stalled / 1_024;
  const readers = (subscribers - stalled) / subscribers;
  const share = rateBeside / rateBefore / readers;
  print(
    `\n${stalled} of ${subscribers} subscribers stop reading (limit ${LIMITS.unreadEventBytes / 1_024} KiB each)`,
  );
  print(
    `  memory ${each.toFixed(0)} KiB per stalled subscriber; each other one gets ${share.toFixed(2)} × its messages`,
  );
  await close(opened);
}

/** All clients reconnect at once and catch up: first on a running server, then on one that has just started. */
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
  print(
    `\n${clients.toLocaleString('en')} clients of ${name} reconnect at once, with ${missed.toLocaleString('en')} missed changes in all`,
  );
  print(`  everybody had every change, once and in order, after ${Math.round(ms)} ms`);
  await stack.restart?.();
  const again = await load.storm(stack, seats, cursors, head);
  print(`  the same on a server that has just started: ${Math.round(again)} ms`);
  await close(opened);
}

async function open(name: StackName, subscribers: number, members = subscribers) {
  const stack = await startStack(name);
  const seats = await stack.seats(members);
  const { load, stop } = startLoad();
  await load.connect(stack, seats.slice(0, subscribers));
  // The server still sends presence events about the people who came. The measurement begins after them.
  await sleep(PRESENCE_MS);
  return { name, stack, seats, load, stop };
}

async function close({ load, stop, stack }: Opened): Promise<void> {
  await load.close();
  await stop();
  await stack.stop();
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

await main(process.argv.slice(2));
