import { createAwsEngine } from '../server/transcriber/aws/engine.ts';
import { alsaClips, CLIP_RATE, longerClips, type Span } from '../server/transcriber/testing/recordings.ts';
import { converse, type Microphone } from './conversation.ts';
import { gate } from './gated.ts';
import { printWordErrors } from './wordErrors.ts';

const SECONDS = 3_600;
const SEED = 1;
/** The price of Amazon Transcribe streaming in us-east-1. */
const DOLLARS_PER_MINUTE = 0.024;
/** The silence that a client with one engine stream per utterance sends before and after the utterance. */
const MARGIN_SECONDS = 0.5;
/** Tail and pre-roll in seconds. The first pair is the gate's default. */
const GATE_TIMES = [
  [1.4, 1],
  [2, 1],
  [1, 1],
  [1, 0.5],
];

const { billedSeconds } = createAwsEngine({ region: 'us-east-1' });

/**
 * `npm run bench:speech-cost` simulates an hour of two people at two microphones. It prints how much audio is sent to the
 * engine and paid for, with the voice gate and without it, the processor time of the gate, and the word errors of an
 * engine with the gate and without it.
 */
async function main(): Promise<void> {
  const clips = [...alsaClips(), ...longerClips()];
  const microphones = converse(clips, SECONDS, SEED);
  const total = (of: (microphone: Microphone) => Span[]) => sum(microphones.flatMap(of).map(lengthOf));
  const spoken = { speech: total(({ utterances }) => utterances), sound: total(({ spans }) => spans) };
  print(
    `two microphones, ${2 * SECONDS} s: ${spoken.speech.toFixed(0)} s of speech, counted from the first word`,
  );
  print(
    `of each sentence to its last word; ${spoken.sound.toFixed(0)} s of it are sound, the rest are pauses between words`,
  );
  print('');
  print('                                      sent  × speech   × sound    billed   streams   dollars');
  row('no gate, always open', [SECONDS, SECONDS], spoken);
  row('one stream per utterance', microphones.flatMap(perUtterance), spoken);
  for (const [tailSeconds, preRollSeconds] of GATE_TIMES) {
    const options = { sampleRate: CLIP_RATE, tailSeconds, preRollSeconds };
    const streams = microphones.flatMap(({ pcm }) => gate(pcm, options)).map(secondsOf);
    row(`gate, tail ${tailSeconds} s, pre-roll ${preRollSeconds} s`, streams, spoken);
  }
  print('');
  printTime(microphones[0]);
  print('');
  await printWordErrors(clips);
}

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
const lengthOf = ([from, to]: Span) => (to - from) / CLIP_RATE;
const secondsOf = (pieces: { pcm: Uint8Array }[]) => sum(pieces.map(({ pcm }) => pcm.length)) / 2 / CLIP_RATE;
const perUtterance = ({ utterances }: Microphone) =>
  utterances.map((span) => lengthOf(span) + 2 * MARGIN_SECONDS);

function row(name: string, streams: number[], { speech, sound }: { speech: number; sound: number }): void {
  const sent = sum(streams);
  const billed = sum(streams.map((seconds) => billedSeconds(seconds)));
  const columns = [
    `${sent.toFixed(0)} s`,
    (sent / speech).toFixed(2),
    (sent / sound).toFixed(2),
    `${billed} s`,
    streams.length.toString(),
    ((billed / 60) * DOLLARS_PER_MINUTE).toFixed(2),
  ];
  print(name.padEnd(32) + columns.map((column) => column.padStart(10)).join(''));
}

/** Prints processor time, not wall-clock time, because other programs may be busy on this machine. */
function printTime({ pcm }: Microphone): void {
  const before = process.cpuUsage();
  gate(pcm, { sampleRate: CLIP_RATE });
  const { user, system } = process.cpuUsage(before);
  const chunks = (pcm.length / 2 / CLIP_RATE) * 10;
  print(`gate, 100 ms of audio at 16 kHz: ${((user + system) / chunks).toFixed(1)} µs of processor time`);
}

function print(line: string): void {
  console.log(line);
}

await main();
