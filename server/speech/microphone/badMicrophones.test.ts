import { beforeAll, describe, expect, test } from 'vitest';
import { pink } from '../../transcriber/testing/noise.ts';
import { createRandom } from '../../transcriber/testing/random.ts';
import { alsaClips, CLIP_RATE, longerClips, toSamples } from '../../transcriber/testing/recordings.ts';
import { conversation, cutSpans, passingSpans, secondsIn } from './testing/gateScene.ts';

/** Two recordings of each kind that this machine has. */
const clips = [...alsaClips().slice(0, 3), ...longerClips().slice(-2)];
const PAUSES_SECONDS = 4;

/** Loud (-7 dB, it clips), as loud as usual, quiet, and beside a large constant offset. */
const MICROPHONES = [
  ['loud', 4.5, 0],
  ['usual', 1, 0],
  ['quiet', 0.1, 0],
  ['offset', 1, 12_000],
] as const;

let said: ReturnType<typeof conversation>;
beforeAll(() => {
  said = conversation(clips, { noise: pink, decibels: 20 });
});

/** Replaces parts of the samples by exact zeros: `zeroMs` of every `periodMs`, a fifth of it too early or too late. */
function withDropouts(samples: Int16Array, zeroMs: number, periodMs: number, rate = CLIP_RATE): Int16Array {
  const random = createRandom(zeroMs + periodMs);
  const torn = samples.slice();
  const at = (ms: number) => Math.round((ms * rate) / 1_000);
  for (let ms = 7.3; at(ms) < torn.length; ms += periodMs) {
    const from = at(ms + 0.2 * periodMs * random.next());
    torn.fill(0, from, from + at(zeroMs));
  }
  return torn;
}

function expectHeard(samples: Int16Array): void {
  const passing = passingSpans(samples);
  expect(cutSpans(said.spans, passing)).toEqual([]);
  // The pauses do not pass as a whole.
  expect(secondsIn(passing, 0, Number.POSITIVE_INFINITY)).toBeLessThan(
    samples.length / CLIP_RATE - (PAUSES_SECONDS / 4) * clips.length,
  );
}

describe('no utterance loses its start on a microphone with drop-outs', () => {
  test.each([
    [5, 10],
    [10, 20],
    [20, 40],
    [30, 50],
    [30, 60],
    [5, 100],
    [60, 100],
    [100, 200],
  ])('of %d ms in every %d ms', (zeroMs, periodMs) => {
    for (const [, gain, offset] of MICROPHONES) {
      expectHeard(withDropouts(toSamples(said.samples, gain, offset), zeroMs, periodMs));
    }
  });

  test('that leave a quarter of the audio, if the voice is not faint', () => {
    expectHeard(withDropouts(toSamples(said.samples, 4.5), 30, 40));
    expectHeard(withDropouts(toSamples(said.samples, 1, 12_000), 30, 40));
  });
});

describe('no utterance loses its start on a microphone', () => {
  test.each([3_000, -20_000, 30_000])('with an offset of %d', (offset) => {
    expectHeard(toSamples(said.samples, 0.5, offset));
  });

  // The noise of the room is amplified too. At gain 100 it clips itself.
  test.each([8, 30, 100])('that clips, at gain %d', (gain) => {
    expectHeard(toSamples(said.samples, gain));
  });

  test('of a telephone, from 300 to 3,400 Hz', () => {
    expectHeard(toSamples(telephone(said.samples)));
  });

  test('of 8 kHz whose samples are repeated to make 16 kHz', () => {
    const band = telephone(said.samples);
    expectHeard(toSamples(band.map((_, i) => band[i - (i % 2)] as number)));
  });

  test('that puts out exact zeros while nobody speaks', () => {
    const samples = toSamples(said.samples);
    const quiet = samples.map((sample, i) =>
      said.spans.some(([from, to]) => from <= i && i < to) ? sample : 0,
    );
    expectHeard(quiet);
  });
});

describe('drop-outs alone are no speech', () => {
  test.each([
    [5, 10],
    [20, 40],
    [30, 40],
  ])('in the noise of a room: %d ms in every %d ms', (zeroMs, periodMs) => {
    const room = toSamples(pink(60 * CLIP_RATE, CLIP_RATE, 3), 100);
    expect(secondsIn(passingSpans(withDropouts(room, zeroMs, periodMs)), 20, 60)).toBe(0);
  });

  test('in silence with stray samples', () => {
    const random = createRandom(1);
    const stray = Int16Array.from({ length: 60 * CLIP_RATE }, () => (random.next() < 0.002 ? 1 : 0));
    expect(passingSpans(stray)).toEqual([]);
  });
});

/** Passes 300 to 3,400 Hz: a windowed sinc of 129 taps. */
function telephone(samples: Float64Array): Float64Array {
  const half = 64;
  const lowPass = (hertz: number, n: number) =>
    n === 0 ? (2 * hertz) / CLIP_RATE : Math.sin((2 * Math.PI * hertz * n) / CLIP_RATE) / (Math.PI * n);
  const taps = Float64Array.from({ length: 2 * half + 1 }, (_, i) => {
    const hann = 0.5 + 0.5 * Math.cos((Math.PI * (i - half)) / (half + 1));
    return hann * (lowPass(3_400, i - half) - lowPass(300, i - half));
  });
  return samples.map((_, at) => {
    let sum = 0;
    for (let i = 0; i < taps.length; i += 1) sum += (taps[i] as number) * (samples[at + i - half] ?? 0);
    return sum;
  });
}
