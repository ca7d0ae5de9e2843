import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Resampler } from './resampler.ts';

const TARGET = 16_000;
const RATES = [8_000, 9_999, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];
/** Where the filter hears silence on one side. */
const EDGE = 200;

const sine = (hertz: number, rate: number, seconds: number) =>
  Float32Array.from({ length: rate * seconds }, (_, i) => Math.sin((2 * Math.PI * hertz * i) / rate));

function resample(samples: Float32Array, rate: number, sizes: number[] = [128], toRate = TARGET) {
  const resampler = new Resampler(rate, toRate);
  const output: number[] = [];
  for (let at = 0, block = 0; at < samples.length; block += 1) {
    const size = sizes[block % sizes.length] as number;
    output.push(...resampler.push(samples.subarray(at, at + size)));
    at += size;
  }
  return Float32Array.from([...output, ...resampler.flush()]);
}

/** The level of the difference to a full-scale sine, in dB of that sine; −∞ if they are equal. */
function differenceDb(output: Float32Array, wanted: (i: number) => number): number {
  const middle = output.subarray(EDGE, -EDGE);
  const energy = middle.reduce((sum, sample, i) => sum + (sample - wanted(i + EDGE)) ** 2, 0);
  return 10 * Math.log10((2 * energy) / middle.length);
}

describe.each(RATES)('resampling from %i Hz to 16,000 Hz', (rate) => {
  const limit = Math.min(rate, TARGET) / 2;
  const carried = [100, 440, 1_000, 3_100, 4_000, 6_000].filter((hertz) => hertz <= 0.78 * limit);

  // The whole tone is compared: its frequency, its time, its level, and everything that does not belong to it.
  test.each(carried)('a tone of %i Hz stays the same tone at the same time, to −50 dB', (hertz) => {
    const output = resample(sine(hertz, rate, 0.5), rate);
    const expected = sine(hertz, TARGET, 0.5);
    expect(differenceDb(output, (i) => expected[i] ?? Number.NaN)).toBeLessThan(-50);
  });

  const removed = [1.02, 1.1, 1.25, 1.5, 1.8, 2.2, 2.9]
    .map((share) => share * limit)
    .filter((hertz) => hertz < rate / 2);
  test.each(removed)('a tone of %i Hz, which the lower rate cannot carry, is under −50 dB', (hertz) => {
    expect(differenceDb(resample(sine(hertz, rate, 0.5), rate), () => 0)).toBeLessThan(-50);
  });

  test('the output is as long as the input, to half a sample, and whole seconds are exact', () => {
    for (const length of [0, 1, 2, 127, 441, rate - 1, 2 * rate, 2 * rate + 1]) {
      const output = resample(new Float32Array(length), rate, [127, 128, 441]);
      expect(output.length).toBe(Math.round((length * TARGET) / rate));
    }
  });

  test('gives exactly the same output for every division into blocks', () => {
    const sound = sine(440, rate, 0.1);
    const whole = resample(sound, rate, [sound.length]);
    // An array of nothing but zeros would never come to the end of the sound.
    const sizes = fc.array(fc.nat(700), { maxLength: 8 }).map((blocks) => [...blocks, 1]);
    fc.assert(
      fc.property(sizes, (blocks) => {
        expect(resample(sound, rate, blocks)).toEqual(whole);
      }),
      { numRuns: 20 },
    );
  });

  test('does not keep its output back for longer than 2 ms', () => {
    const resampler = new Resampler(rate, TARGET);
    const output = resampler.push(new Float32Array(rate));
    expect(output.length / TARGET).toBeGreaterThanOrEqual(1 - 0.002);
  });
});

test('any two rates, as devices and engines have them, keep a tone', () => {
  const rate = fc.integer({ min: 8_000, max: 192_000 });
  fc.assert(
    fc.property(rate, rate, (from, to) => {
      const output = resample(sine(1_000, from, 0.25), from, [1_024], to);
      expect(output.length).toBe(Math.round((Math.floor(from / 4) * to) / from));
      expect(
        differenceDb(output.subarray(0, -EDGE), (i) => Math.sin((2_000 * Math.PI * i) / to)),
      ).toBeLessThan(-50);
    }),
    { numRuns: 10 },
  );
});

test('after five minutes, the output is still in time', () => {
  const [rate, seconds] = [9_999, 300];
  const resampler = new Resampler(rate, TARGET);
  const silence = new Float32Array(rate);
  let samples = 0;
  for (let second = 0; second < seconds; second += 1) samples += resampler.push(silence).length;
  const click = new Float32Array(rate);
  click[0] = 1;
  const output = [...resampler.push(click), ...resampler.flush()];
  expect(samples + output.indexOf(Math.max(...output))).toBe(seconds * TARGET);
});

test('audio at the target rate is unchanged', () => {
  const sound = sine(440, TARGET, 0.01);
  const resampler = new Resampler(TARGET, TARGET);
  expect(resampler.push(sound)).toEqual(sound);
  expect(resampler.flush()).toHaveLength(0);
});
