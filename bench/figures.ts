import { setTimeout as sleep } from 'node:timers/promises';
import { readWav } from '../server/transcriber/testing/audio.ts';
import { type ServerProcess, startServerProcess, temporaryDatabase } from '../testing/serverProcess.ts';
import { clientJavaScriptKb } from './bundle.ts';
import { measureCaptionLag } from './captionLag.ts';
import { percentile } from './percentile.ts';
import { measureAcks } from './speakers.ts';
import { startTranscribeProcess } from './transcribeProcess.ts';

const SPEAKERS = 20;
const SECONDS = 10;
const RECORDINGS = ['Front_Center', 'Front_Right', 'Rear_Left', 'Side_Right'];
const STARTS = 5;
/** How long a server that has just started runs before its memory at rest is read. */
const REST_MS = 2_000;

/** `npm run bench` (after `npm run build`) prints the figures of the whole product on this machine. */
async function main(): Promise<void> {
  await printStart();
  await printAcks();
  await printCaptionLag();
  print('client JavaScript, gzipped', `${clientJavaScriptKb().toFixed(1)} kB`);
}

async function printStart(): Promise<void> {
  const starts: number[] = [];
  let memory = 0;
  for (let i = 0; i < STARTS; i += 1) {
    const server = await startServer({ SPEECH_ENGINE: 'off' });
    starts.push(server.listeningAfterMs);
    await sleep(REST_MS);
    memory = server.memoryMiB();
    await server.stop();
  }
  print(`process start to listening, median of ${STARTS}`, `${percentile(starts, 0.5).toFixed(0)} ms`);
  print('memory at rest', `${memory.toFixed(0)} MiB`);
}

async function printAcks(): Promise<void> {
  const transcribe = await startTranscribeProcess();
  const server = await startServer(transcribe.env);
  const acks = await measureAcks({ url: server.url, speakers: SPEAKERS, seconds: SECONDS });
  print(`chunk sent to acked, ${SPEAKERS} speakers, p50`, `${percentile(acks, 0.5).toFixed(1)} ms`);
  print(
    `chunk sent to acked, ${SPEAKERS} speakers, p99`,
    `${percentile(acks, 0.99).toFixed(1)} ms (${acks.length} chunks)`,
  );
  print(`memory with ${SPEAKERS} speakers`, `${server.memoryMiB().toFixed(0)} MiB`);
  await server.stop();
  transcribe.stop();
}

async function printCaptionLag(): Promise<void> {
  const server = await startServer({ SPEECH_ENGINE: 'pocketsphinx' });
  const lags: number[] = [];
  for (const name of RECORDINGS) {
    const { pcm, sampleRate } = readWav(`/usr/share/sounds/alsa/${name}.wav`);
    lags.push(...(await measureCaptionLag({ url: server.url, pcm, sampleRate })));
  }
  print('end of a word to its caption, PocketSphinx, p50', `${percentile(lags, 0.5).toFixed(0)} ms`);
  print(
    'end of a word to its caption, PocketSphinx, worst',
    `${percentile(lags, 1).toFixed(0)} ms (${lags.length} words)`,
  );
  await server.stop();
}

async function startServer(env: NodeJS.ProcessEnv): Promise<ServerProcess> {
  const database = temporaryDatabase();
  const server = await startServerProcess({ ...env, DATABASE_URL: database.url });
  server.child.once('exit', database.remove);
  return server;
}

function print(name: string, value: string): void {
  console.log(`${name.padEnd(52)} ${value}`);
}

await main();
