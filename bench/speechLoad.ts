import { parseArgs } from 'node:util';
import { percentile } from './percentile.ts';
import type { SpeechLoad } from './speech/load.ts';
import { type Cpu, type Stage, setStage } from './speech/stage.ts';

/**
 * `npm run bench:speech [-- STREAMS…]` measures live speech streams on one core, in real time. The engine is the AWS
 * adapter with the real SDK, against a test server that speaks the service's protocol. Each speaker has a room and a
 * socket of their own, speaks synthetic speech with pauses of 0.6 s, and reads the captions. `--profile DIRECTORY` writes
 * a CPU profile of the server.
 */
const STREAMS = [100, 300];
/** With more streams the test service returns fixed results, because recognising all of them would overload its core. */
const MAX_RECOGNIZED_STREAMS = 100;
const WARM_UP_MS = 5_000;
const MEASURED_MS = 20_000;

async function measure(streams: number, nodeOptions: string[]): Promise<void> {
  const recognizer = streams <= MAX_RECOGNIZED_STREAMS ? 'tone' : 'none';
  const stage = await setStage<SpeechLoad>('load.ts', { recognizer, nodeOptions });
  await measureOn(stage, streams, recognizer === 'tone').finally(() => stage.stop());
}

async function measureOn(stage: Stage<SpeechLoad>, streams: number, recognizes: boolean): Promise<void> {
  const { load } = stage;
  const [idleBytes, idleLiveBytes] = [stage.residentBytes(), (await stage.usage()).memoryBytes];
  await load.enter(stage.url, streams);
  await load.begin(WARM_UP_MS);
  const before = stage.cpuMs();
  const from = performance.now();
  const acks = await load.measure(MEASURED_MS);
  const share = shares(before, stage.cpuMs(), performance.now() - from);
  const [residentBytes, liveBytes] = [stage.residentBytes(), (await stage.usage()).memoryBytes];
  const { lags, refusedChunks, captions, wordsSpoken, allRecognized } = await load.end();

  const words = `${allRecognized ? 'all' : 'NOT ALL'} ${wordsSpoken.toLocaleString('en')} spoken words`;
  const finals = `; ${words} are in the finals, once and in order`;
  const mib = (bytes: number) => `${(bytes / streams / 1_048_576).toFixed(2)} MiB`;
  printLine(`\n${streams} live streams, ${MEASURED_MS / 1_000} s`);
  print('chunk sent to acked', `${spread(acks)}; ${refusedChunks} refused`);
  if (recognizes) print('chunk sent to caption read, with the service', spread(lags));
  print('memory per stream', `${mib(residentBytes - idleBytes)}; ${mib(liveBytes - idleLiveBytes)} after gc`);
  print(
    'processor: server',
    `${percent(share.server)} of a core, so ${Math.floor(streams / share.server)} streams per core`,
  );
  print(
    'processor: service and speakers',
    `${percent(share.service)} and ${percent(share.load)} of another core`,
  );
  print(
    'processor: everything else on this machine',
    `${percent(share.machine - share.server - share.service - share.load)} of a core`,
  );
  print('captions read', `${captions.toLocaleString('en')}${recognizes ? finals : ''}`);
}

function shares(before: Cpu, after: Cpu, ms: number): Cpu {
  return {
    server: (after.server - before.server) / ms,
    service: (after.service - before.service) / ms,
    load: (after.load - before.load) / ms,
    machine: (after.machine - before.machine) / ms,
  };
}

function spread(samples: number[]): string {
  const at = (share: number) => `${percentile(samples, share).toFixed(1)} ms`;
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)} (${samples.length.toLocaleString('en')})`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

function print(name: string, value: string): void {
  printLine(`  ${name.padEnd(46)} ${value}`);
}

function printLine(text: string): void {
  process.stdout.write(`${text}\n`);
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { profile: { type: 'string' } },
});
const nodeOptions = values.profile ? ['--cpu-prof', `--cpu-prof-dir=${values.profile}`] : [];
for (const streams of positionals.length > 0 ? positionals.map(Number) : STREAMS)
  await measure(streams, nodeOptions);
