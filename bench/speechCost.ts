import { createAwsEngine } from '../server/transcriber/aws.ts';
import { alsaClips, CLIP_RATE, longerClips, type Span } from '../server/transcriber/testing/recordings.ts';
import { converse, type Microphone } from './conversation.ts';
import { gate } from './gated.ts';
import { printWordErrors } from './wordErrors.ts';

const SECONDS = 3_600;
const SEED = 1;
/** Amazon Transcribe streaming, us-east-1. */
const DOLLARS_A_MINUTE = 0.024;
/** What a client that opens a stream for each utterance sends around it. */
const AROUND_SECONDS = 0.5;
/** Between sentences people take breath; nobody would cut a recording there. */
const BREATH_SECONDS = 0.5;
/** Tail and pre-roll in seconds; the first are the gate's own. */
const TIMES = [
  [1.5, 1],
  [2, 1],
  [1, 1],
  [1, 0.5],
];

const { billedSeconds } = createAwsEngine({ region: 'us-east-1' });

/**
 * `npm run bench:speech-cost`: an hour of two people at two microphones. What is sent to the engine and paid for with
 * the gate, against clients without one; how long the gate takes; and whether engines hear as well through it.
 */
async function main(): Promise<void> {
  const clips = [...alsaClips(), ...longerClips()];
  const microphones = converse(clips, SECONDS, SEED);
  const spans = microphones.map((microphone) => microphone.spans);
  const spoken = { speech: talkSeconds(spans, 0), talk: talkSeconds(spans, BREATH_SECONDS) };
  print(`two microphones, ${2 * SECONDS} s: ${spoken.speech.toFixed(0)} s of speech,`);
  print(`${spoken.talk.toFixed(0)} s of talk, which is speech with its pauses of up to ${BREATH_SECONDS} s`);
  print('');
  print('                                      sent  × speech    × talk    billed   streams   dollars');
  row('open all the time', [SECONDS, SECONDS], spoken);
  row('a stream for each utterance', microphones.flatMap(perUtterance), spoken);
  for (const [tailSeconds, preRollSeconds] of TIMES) {
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
  utterances.map((span) => lengthOf(span) + 2 * AROUND_SECONDS);

/** How long people speak, with pauses up to so many seconds between two stretches counted in. */
function talkSeconds(microphones: Span[][], pause: number): number {
  const pauses = microphones.flatMap((spans) =>
    spans.slice(1).map(([from], i) => (from - (spans[i]?.[1] ?? 0)) / CLIP_RATE),
  );
  return sum(microphones.flat().map(lengthOf)) + sum(pauses.filter((seconds) => seconds <= pause));
}

function row(name: string, streams: number[], { speech, talk }: { speech: number; talk: number }): void {
  const sent = sum(streams);
  const billed = sum(streams.map((seconds) => billedSeconds(seconds)));
  const columns = [
    `${sent.toFixed(0)} s`,
    (sent / speech).toFixed(2),
    (sent / talk).toFixed(2),
    `${billed} s`,
    streams.length.toString(),
    ((billed / 60) * DOLLARS_A_MINUTE).toFixed(2),
  ];
  print(name.padEnd(32) + columns.map((column) => column.padStart(10)).join(''));
}

/** The processor's time, not the clock's: others may be at work on this machine. */
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
