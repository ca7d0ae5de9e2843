import { parseArgs } from 'node:util';
import { percentile } from './percentile.ts';
import type { SpeechLoad } from './speech/load.ts';
import { type Cpu, type Stage, setStage } from './speech/stage.ts';

/**
 * `npm run bench:speech [-- STREAMS…]`: live streams on one core, in real time, heard by the AWS adapter with the real
 * SDK against a server that speaks the service's protocol. Everybody has a room and a socket of their own, sings all
 * the time with pauses of 0.6 s, and reads the captions.
 */
const STREAMS = [100, 300];
/** The service listens to so many; to more it says the same whatever they sing, which is cheaper. */
const RECOGNIZERS = 100;
const WARM_MS = 5_000;
const FOR_MS = 20_000;

async function measure(streams: number, nodeOptions: string[]): Promise<void> {
  const recognizer = streams <= RECOGNIZERS ? 'tone' : 'none';
  const stage = await setStage<SpeechLoad>('load.ts', { recognizer, nodeOptions });
  await measureOn(stage, streams, recognizer === 'tone').finally(() => stage.stop());
}

async function measureOn(stage: Stage<SpeechLoad>, streams: number, listens: boolean): Promise<void> {
  const { load } = stage;
  const [restBytes, restKept] = [stage.residentBytes(), (await stage.usage()).memoryBytes];
  await load.enter(stage.url, streams);
  await load.begin(WARM_MS);
  const before = stage.cpuMs();
  const from = performance.now();
  const acks = await load.measure(FOR_MS);
  const share = shares(before, stage.cpuMs(), performance.now() - from);
  const [residentBytes, kept] = [stage.residentBytes(), (await stage.usage()).memoryBytes];
  const { lags, refusedChunks, captions, wordsSung, allHeard } = await load.end();

  const heard = `; of ${wordsSung.toLocaleString('en')} words sung ${allHeard ? 'each is' : 'NOT EACH IS'} in the finals, once and in order`;
  const mib = (bytes: number) => `${(bytes / streams / 1_048_576).toFixed(2)} MiB`;
  say(`\n${streams} live streams, ${FOR_MS / 1_000} s`);
  print('chunk sent to acked', `${spread(acks)}; ${refusedChunks} refused`);
  if (listens) print('chunk sent to caption read, service included', spread(lags));
  print('memory a stream', `${mib(residentBytes - restBytes)}; ${mib(kept - restKept)} after gc`);
  print(
    'processor: server',
    `${percent(share.server)} of a core, so ${Math.floor(streams / share.server)} streams a core`,
  );
  print('processor: service and speakers', `${percent(share.service)} and ${percent(share.load)} of another`);
  print(
    'processor: everything else on this machine',
    `${percent(share.machine - share.server - share.service - share.load)} of a core`,
  );
  print('captions read', `${captions.toLocaleString('en')}${listens ? heard : ''}`);
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
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, most ${at(1)} (${samples.length.toLocaleString('en')})`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

function print(name: string, value: string): void {
  say(`  ${name.padEnd(46)} ${value}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { profile: { type: 'string' } },
});
const nodeOptions = values.profile ? ['--cpu-prof', `--cpu-prof-dir=${values.profile}`] : [];
for (const streams of positionals.length > 0 ? positionals.map(Number) : STREAMS)
  await measure(streams, nodeOptions);
