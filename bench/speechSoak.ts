import { setTimeout as sleep } from 'node:timers/promises';
import { FAULT_TABLE } from '../server/transcriber/testing/transcribe/faultTable.ts';
import type { Outcome, SoakLoad } from './speech/soak.ts';
import { type Stage, setStage } from './speech/stage.ts';

/**
 * `npm run bench:speech-soak [-- HOURS]` looks for memory leaks in long speech streams. Four people speak HOURS of
 * synthetic speech each, as fast as it is recognised. Some pauses are short, the voice gate leaves longer ones out, and
 * the longest ones end the engine call. The service fails again and again. Memory is read after garbage collections.
 */
const HOURS = 8;
const SAMPLE_MS = 10_000;
/** With fewer samples the slope would be noise. */
const MIN_SAMPLES = 10;
/**
 * Longer than the longest backoff of the retry policy. Otherwise every engine call would fail, and none would recover.
 */
const FAULT_INTERVAL_MS = 12_000;
/** A soak that takes longer than this has failed. */
const TIMEOUT_MS = 1_500_000;

/**
 * The rows of the retryable faults that the server notices at once. A silent or frozen service is noticed after ten
 * seconds of the clock only, and an hour of audio passes in that time.
 */
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
  let faults = 0;
  const injecting = setInterval(() => {
    stage.injectFault(FAULTS[faults % FAULTS.length] as number);
    faults += 1;
  }, FAULT_INTERVAL_MS);
  const samples = await watch(stage, from + TIMEOUT_MS).finally(() => clearInterval(injecting));
  const calls = await stage.calls();
  const outcome = await stage.load.end();
  printSlope(samples);
  printOutcome(outcome);
  print('calls of the service, faults injected', `${calls}, ${faults}`);
  print('time', `${((performance.now() - from) / 1_000).toFixed(0)} s`);
  if (outcome.differences.length > 0) process.exitCode = 1;
}

/** Samples the memory until the load is done. @throws Error if that takes until `deadline`. */
async function watch(stage: Stage<SoakLoad>, deadline: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (;;) {
    const { done, audioHours } = await stage.load.progress();
    const { heapBytes, memoryBytes } = await stage.usage();
    const sample = { audioHours, heapMiB: heapBytes / 1_048_576, residentMiB: memoryBytes / 1_048_576 };
    samples.push(sample);
    printLine(
      `  after ${audioHours.toFixed(2).padStart(6)} h of audio   heap ${sample.heapMiB.toFixed(1)} MiB` +
        `   resident ${sample.residentMiB.toFixed(0)} MiB`,
    );
    if (done) return samples;
    if (performance.now() > deadline) throw new Error(`The soak did not end within ${TIMEOUT_MS / 1_000} s.`);
    await sleep(SAMPLE_MS);
  }
}

/** Leaves out the first quarter, in which code is compiled and caches fill. */
function printSlope(samples: Sample[]): void {
  const last = samples.at(-1)?.audioHours ?? 0;
  const settled = samples.filter(({ audioHours }) => audioHours >= last / 4);
  if (settled.length < MIN_SAMPLES) {
    print('memory growth per hour of audio', 'unknown: the run was too short');
    return;
  }
  const heap = slope(settled.map(({ audioHours, heapMiB }) => [audioHours, heapMiB]));
  const resident = slope(settled.map(({ audioHours, residentMiB }) => [audioHours, residentMiB]));
  const perHour = (mib: number) => `${(1_024 * mib).toFixed(1)} KiB`;
  print('memory growth per hour of audio', `heap ${perHour(heap)}, resident ${perHour(resident)}`);
}

/** The slope of the least-squares line. */
function slope(points: [number, number][]): number {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const products = points.map(([x, y]) => (x - meanX) * (y - meanY));
  return mean(products) / mean(points.map(([x]) => (x - meanX) ** 2));
}

function printOutcome(outcome: Outcome): void {
  const { wordsSpoken, wordsRecognized, differences, gaps, recoveries, refusedChunks } = outcome;
  const hours = (seconds: number) => `${(seconds / 3_600).toFixed(2)} h`;
  print(
    'words spoken, in finals',
    `${wordsSpoken}, ${wordsRecognized}; each once and in order: ${differences.length === 0 ? 'yes' : 'NO'}`,
  );
  for (const difference of differences) print('', difference);
  print('gaps, recoveries, chunks refused', `${gaps}, ${recoveries}, ${refusedChunks}`);
  print('audio accepted, billed', `${hours(outcome.audioSeconds)}, ${hours(outcome.billedSeconds)}`);
}

function print(name: string, value: string): void {
  printLine(`  ${name.padEnd(40)} ${value}`);
}

function printLine(text: string): void {
  process.stdout.write(`${text}\n`);
}

await soak(Number(process.argv[2] ?? HOURS));
