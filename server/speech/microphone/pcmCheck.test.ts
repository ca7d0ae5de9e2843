import { expect, test } from 'vitest';
import { createRandom } from '../../transcriber/testing/random.ts';
import { checkPcm } from './pcmCheck.ts';

const SAMPLES = 1_600;

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
const fileOf = (start: string) => Buffer.concat([Buffer.from(start), bytesOf(toPcm(noise(1)))]);

test.each([
  ['a WAV file', fileOf('RIFF'), /WAV/],
  ['an Ogg file', fileOf('OggS'), /Ogg/],
  ['a FLAC file', fileOf('fLaC'), /FLAC/],
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
])('%s is refused by name', (_, bytes, message) => {
  expect(() => checkPcm(bytes)).toThrowError(
    expect.objectContaining({ reason: 'not_pcm', message: expect.stringMatching(message) }),
  );
});

test.each([
  ['noise', bytesOf(toPcm(noise(1)))],
  ['a few floats', bytesOf(noise(1).slice(0, 150))],
  ['a few samples on two channels', bytesOf(everyTwice(toPcm(noise(1)).slice(0, 150)))],
  ['sound too faint to judge', bytesOf(everyTwice(toPcm(noise(1), 30)))],
  ['two different channels', bytesOf(mixed(everyTwice(toPcm(noise(1))), toPcm(noise(2)), 10))],
  ['floats mixed with other bytes', bytesOf(mixed(new Int16Array(noise(1).buffer), toPcm(noise(2)), 10))],
])('%s passes', (_, bytes) => {
  expect(() => checkPcm(bytes)).not.toThrow();
});

/** The samples, with every n-th pair from others. */
function mixed(samples: Int16Array, others: Int16Array, n: number): Int16Array {
  return samples.map((sample, i) => ((i >> 1) % n === 0 ? (others[i % others.length] ?? 0) : sample));
}
