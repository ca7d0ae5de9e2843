import { expect, test } from 'vitest';
import { createRandom } from '../../transcriber/testing/random.ts';
import { checkPcm } from './pcmCheck.ts';

const SAMPLES = 1_600;
/** Equal pairs of samples are no sign of two channels up to 16 kHz. */
const RATE = 48_000;

/** Noise between -1 and 1. */
function noise(seed: number): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({ length: SAMPLES }, () => 2 * random.next() - 1);
}

const bytesOf = (samples: Float32Array | Int16Array) => new Uint8Array(samples.buffer);
const toPcm = (samples: Float32Array, peak = 8_000) => Int16Array.from(samples, (sample) => peak * sample);
const everyTwice = (samples: Int16Array) =>
  Int16Array.from({ length: 2 * samples.length }, (_, i) => samples[i >> 1] ?? 0);
/** The samples, with zeros in their first half. */
const behindSilence = <T extends Float32Array | Int16Array>(samples: T): T => {
  const padded = samples.slice();
  padded.fill(0, 0, SAMPLES / 2);
  return padded as T;
};
/** A tone as loud as a voice. */
const tone = (hertz: number, peak = 8_000) =>
  Int16Array.from({ length: SAMPLES }, (_, i) => peak * Math.sin((2 * Math.PI * hertz * i) / RATE));
const interleaved = (left: Int16Array, right: Int16Array) =>
  Int16Array.from({ length: 2 * left.length }, (_, i) => (i % 2 ? right : left)[i >> 1] ?? 0);
const swapped = (samples: Int16Array) => Buffer.from(bytesOf(samples)).swap16();
const eightBit = (samples: Int16Array) => Uint8Array.from(samples, (sample) => 128 + (sample >> 8));
const fileOf = (start: string) => Buffer.concat([Buffer.from(start, 'latin1'), bytesOf(toPcm(noise(1)))]);

test.each([
  ['a WAV file', fileOf('RIFF'), /WAV/],
  ['an Ogg file', fileOf('OggS'), /Ogg/],
  ['a FLAC file', fileOf('fLaC'), /FLAC/],
  ['Opus without a container', fileOf('OpusHead'), /Opus/],
  ['a WebM file', fileOf('\x1aE\xdf\xa3'), /WebM/],
  ['an MP4 file', fileOf('\0\0\0 ftypisom'), /MP4/],
  ['floats', bytesOf(noise(1)), /floating-point/],
  ['quiet floats', bytesOf(noise(1).map((sample) => sample / 500)), /floating-point/],
  ['floats behind silence', bytesOf(behindSilence(noise(1))), /floating-point/],
  ['two channels', bytesOf(everyTwice(toPcm(noise(1)))), /two channels/],
  ['two channels behind silence', bytesOf(everyTwice(behindSilence(toPcm(noise(1))))), /two channels/],
  [
    'two channels in the shortest chunk',
    bytesOf(everyTwice(toPcm(noise(1)).subarray(0, 400).slice())),
    /two/,
  ],
  ['a voice beside another', bytesOf(interleaved(tone(300), tone(430))), /two channels/],
  ['a voice beside silence', bytesOf(interleaved(tone(300), tone(0))), /two channels/],
  ['a voice beside noise', bytesOf(interleaved(toPcm(noise(1), 600), tone(300))), /two channels/],
  ['a voice with its inverse', bytesOf(interleaved(tone(300), tone(300, -8_000))), /two channels/],
  ['a big-endian voice', swapped(tone(300)), /big-endian/],
  ['a faint big-endian voice', swapped(tone(1_000, 500)), /big-endian/],
  ['an 8-bit voice', eightBit(tone(2_000)), /8-bit/],
])('%s is refused by name', (_, bytes, message) => {
  expect(() => checkPcm(bytes, RATE)).toThrowError(
    expect.objectContaining({ reason: 'not_pcm', message: expect.stringMatching(message) }),
  );
});

test.each([
  ['noise', bytesOf(toPcm(noise(1)))],
  ['full-scale noise', bytesOf(toPcm(noise(1), 32_767))],
  ['faint noise', bytesOf(toPcm(noise(1), 3))],
  ...[50, 300, 1_000, 8_000, 12_000, 20_000].map((hertz): [string, Uint8Array] => [
    `a tone of ${hertz} Hz`,
    bytesOf(tone(hertz)),
  ]),
  ['a tone that clips', bytesOf(tone(300).map((sample) => (sample > 0 ? 32_767 : -32_768)))],
  ['a tone with an offset', bytesOf(tone(300).map((sample) => sample + 20_000))],
  ['a tone with drop-outs', bytesOf(tone(300).map((sample, i) => (i % 480 < 240 ? 0 : sample)))],
  ['a few floats', bytesOf(noise(1).slice(0, 150))],
  ['a few samples on two channels', bytesOf(everyTwice(toPcm(noise(1)).slice(0, 150)))],
  ['sound too faint to judge', bytesOf(everyTwice(toPcm(noise(1), 30)))],
  ['two different channels', bytesOf(mixed(everyTwice(toPcm(noise(1))), toPcm(noise(2)), 10))],
  ['floats mixed with other bytes', bytesOf(mixed(new Int16Array(noise(1).buffer), toPcm(noise(2)), 10))],
])('%s passes', (_, bytes) => {
  expect(() => checkPcm(bytes, RATE)).not.toThrow();
});

test('an 8 kHz telephone with each sample repeated passes, and two equal channels at a higher rate do not', () => {
  const pairs = bytesOf(everyTwice(toPcm(noise(1))));
  for (const rate of [8_000, 11_025, 16_000]) expect(() => checkPcm(pairs, rate)).not.toThrow();
  for (const rate of [22_050, 44_100, 48_000]) expect(() => checkPcm(pairs, rate)).toThrow(/two channels/);
});

test('bytes in a Buffer are judged like the same bytes alone', () => {
  const frame = Buffer.concat([Buffer.from(bytesOf(toPcm(noise(3)))), bytesOf(noise(1))]);
  expect(() => checkPcm(frame.subarray(2 * SAMPLES), RATE)).toThrow(/floating-point/);
  expect(() => checkPcm(frame.subarray(1, 2 * SAMPLES - 1), RATE)).not.toThrow();
});

/** The samples, with every n-th pair from others. */
function mixed(samples: Int16Array, others: Int16Array, n: number): Int16Array {
  return samples.map((sample, i) => ((i >> 1) % n === 0 ? (others[i % others.length] ?? 0) : sample));
}
