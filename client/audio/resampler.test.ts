import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Resampler } from './resampler.ts';

const TARGET = 16_000;

const sine = (hertz: number, rate: number, seconds: number) =>
  Float32Array.from({ length: rate * seconds }, (_, i) => Math.sin((2 * Math.PI * hertz * i) / rate));

function resample(samples: Float32Array, rate: number, sizes: number[] = [128]): Float32Array {
  const resampler = new Resampler(rate, TARGET);
  const output: number[] = [];
  for (let at = 0, block = 0; at < samples.length; block += 1) {
    const size = sizes[block % sizes.length] as number;
    output.push(...resampler.push(samples.subarray(at, at + size)));
    at += size;
  }
  return Float32Array.from(output);
}

/** The root mean square without the edges, where the filter has input on one side only. */
const level = (samples: Float32Array) => {
  const middle = samples.subarray(100, -100);
  return Math.sqrt(middle.reduce((sum, sample) => sum + sample * sample, 0) / middle.length);
};

describe.each([44_100, 48_000])('resampling from %i Hz to 16,000 Hz', (rate) => {
  test.each([100, 440, 1_000, 3_400, 6_000])(
    'keeps the pitch and the loudness of a tone of %i Hz',
    (hertz) => {
      const output = resample(sine(hertz, rate, 1), rate);
      const expected = sine(hertz, TARGET, 1);
      expect(level(output)).toBeCloseTo(Math.SQRT1_2, 1);
      const maxDifference = output
        .subarray(100, -100)
        .reduce((max, sample, i) => Math.max(max, Math.abs(sample - (expected[i + 100] ?? 0))), 0);
      expect(maxDifference).toBeLessThan(0.1);
    },
  );

  test.each([10_000, 15_000, 20_000])(
    'removes a tone of %i Hz, which the lower rate cannot carry',
    (hertz) => {
      expect(level(resample(sine(hertz, rate, 1), rate))).toBeLessThan(0.02);
    },
  );

  test('keeps the length of ten seconds of audio', () => {
    expect(Math.abs(resample(sine(440, rate, 10), rate, [127, 128, 441]).length - 10 * TARGET)).toBeLessThan(
      16,
    );
  });

  test('gives the same output for every division into blocks', () => {
    const sound = sine(440, rate, 0.1);
    const whole = resample(sound, rate, [sound.length]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 8 }), (sizes) => {
        const output = resample(sound, rate, sizes);
        expect(output.length).toBe(whole.length);
        for (const [i, sample] of output.entries()) expect(sample).toBeCloseTo(whole[i] ?? 0, 5);
      }),
      { numRuns: 20 },
    );
  });
});

test('audio at the target rate is unchanged, and a source with a lower rate is refused', () => {
  const sound = sine(440, TARGET, 0.01);
  expect(new Resampler(TARGET, TARGET).push(sound)).toEqual(sound);
  expect(() => new Resampler(8_000, TARGET)).toThrow(RangeError);
});
