import { setTimeout as sleep } from 'node:timers/promises';
import { FAULT_TABLE } from '../server/transcriber/testing/transcribe/faultTable.ts';
import type { Outcome, SoakLoad } from './speech/soak.ts';
import { type Stage, setStage } from './speech/stage.ts';

/**
 * `npm run bench:speech-soak [-- HOURS]`: four people sing for so many hours of audio each into streams that live all
 * the while, as fast as they are heard; with pauses that are left out, pauses in which the service is hung up on, and
 * faults of the service. Memory is looked at after everything that is not needed was thrown away.
 */
const HOURS = 8;
const SAMPLE_MS = 10_000;
/** Samples without which a slope says nothing. */
const ENOUGH = 10;
/** Longer than the longest pause before a call is tried again: else every call would be struck, and none heal. */
const FAULT_MS = 12_000;
/** Whatever takes longer has failed. */
const PATIENCE_MS = 1_500_000;

/** What heals, and is noticed at once: silence takes ten seconds of the clock, in which an hour of audio passes. */
const FAULTS = FAULT_TABLE.flatMap(({ retryable, fault }, row) =>
  retryable && fault.kind !== 'silence' && fault.kind !== 'freeze' ? [row] : [],
);

type Sample = { audioHours: number; heapMiB: number; residentMiB: number };

async function soak(hours: number): Promise<void> {
  const stage = await setStage<SoakLoad>('soak.ts');
  await soakOn(stage, hours).finally(() => stage.stop());
}

async function soakOn(stage: Stage<SoakLoad>, hours: number): Promise<void> {
  const from = performance.now();
  await stage.load.begin(stage.url, hours);
  let planted = 0;
  const planting = setInterval(() => {
    stage.plant(FAULTS[planted % FAULTS.length] as number);
    planted += 1;
  }, FAULT_MS);
  const samples = await watch(stage, from + PATIENCE_MS).finally(() => clearInterval(planting));
  const calls = await stage.calls();
  const outcome = await stage.load.end();
  printSlope(samples);
  printOutcome(outcome);
  print('calls of the service, faults planted', `${calls}, ${planted}`);
  print('time', `${((performance.now() - from) / 1_000).toFixed(0)} s`);
  if (outcome.differences.length > 0) process.exitCode = 1;
}

async function watch(stage: Stage<SoakLoad>, until: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (;;) {
    const { done, audioHours } = await stage.load.progress();
    const { heapBytes, memoryBytes } = await stage.usage();
    const sample = { audioHours, heapMiB: heapBytes / 1_048_576, residentMiB: memoryBytes / 1_048_576 };
    samples.push(sample);
    say(
      `  after ${audioHours.toFixed(2).padStart(6)} h of audio   heap ${sample.heapMiB.toFixed(1)} MiB` +
        `   resident ${sample.residentMiB.toFixed(0)} MiB`,
    );
    if (done) return samples;
    if (performance.now() > until) throw new Error('the soak does not end');
    await sleep(SAMPLE_MS);
  }
}

/** The first quarter, in which code is compiled and caches fill, does not count. */
function printSlope(samples: Sample[]): void {
  const last = samples.at(-1)?.audioHours ?? 0;
  const settled = samples.filter(({ audioHours }) => audioHours >= last / 4);
  if (settled.length < ENOUGH) {
    print('grows with an hour of audio', 'too short a run to say');
    return;
  }
  const heap = slope(settled.map(({ audioHours, heapMiB }) => [audioHours, heapMiB]));
  const resident = slope(settled.map(({ audioHours, residentMiB }) => [audioHours, residentMiB]));
  const perHour = (mib: number) => `${(1_024 * mib).toFixed(1)} KiB`;
  print('grows with an hour of audio', `heap ${perHour(heap)}, resident ${perHour(resident)}`);
}

/** Of the line with the least squares. */
function slope(points: [number, number][]): number {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const products = points.map(([x, y]) => (x - meanX) * (y - meanY));
  return mean(products) / mean(points.map(([x]) => (x - meanX) ** 2));
}

function printOutcome(outcome: Outcome): void {
  const { wordsSung, wordsHeard, differences, gaps, recoveries, refusedChunks } = outcome;
  const hours = (seconds: number) => `${(seconds / 3_600).toFixed(2)} h`;
  print(
    'words sung, in finals',
    `${wordsSung}, ${wordsHeard}; each once and in order: ${differences.length === 0}`,
  );
  for (const what of differences) print('', what);
  print('gaps, recoveries, chunks refused', `${gaps}, ${recoveries}, ${refusedChunks}`);
  print('audio taken in, billed', `${hours(outcome.audioSeconds)}, ${hours(outcome.billedSeconds)}`);
}

function print(name: string, value: string): void {
  say(`  ${name.padEnd(40)} ${value}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

await soak(Number(process.argv[2] ?? HOURS));
