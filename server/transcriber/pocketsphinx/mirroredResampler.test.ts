import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MirroredResampler } from './mirroredResampler.ts';

const TARGET = 16_000;

const sine = (hertz: number, rate: number, seconds: number) =>
  Float32Array.from({ length: rate * seconds }, (_, i) => Math.sin((2 * Math.PI * hertz * i) / rate));

function resample(samples: Float32Array, rate: number, sizes = [128]): Float32Array {
  const resampler = new MirroredResampler(rate, TARGET);
  const output: number[] = [];
  for (let at = 0, block = 0; at < samples.length; block += 1) {
    const size = sizes[block % sizes.length] as number;
    output.push(...resampler.push(samples.subarray(at, at + size)));
    at += size;
  }
  return Float32Array.from([...output, ...resampler.flush()]);
}

/** The amplitude of one frequency in the middle second of three. */
function amplitude(samples: Float32Array, hertz: number): number {
  let [sin, cos] = [0, 0];
  for (let i = TARGET; i < 2 * TARGET; i += 1) {
    const angle = (2 * Math.PI * hertz * i) / TARGET;
    sin += Math.sin(angle) * (samples[i] as number);
    cos += Math.cos(angle) * (samples[i] as number);
  }
  return (2 * Math.hypot(sin, cos)) / TARGET;
}

describe.each([8_000, 9_999, 11_025, 12_000])('from %i Hz to 16,000 Hz', (rate) => {
  test.each([300, 1_000, 2_500])('a tone of %i Hz stays, and its mirror image is half as loud', (hertz) => {
    const output = resample(sine(hertz, rate, 3), rate);
    expect(amplitude(output, hertz)).toBeCloseTo(2 / 3, 2);
    const image = rate - hertz;
    // The output carries no higher image.
    if (image < 0.75 * (TARGET / 2)) expect(amplitude(output, image)).toBeCloseTo(1 / 3, 2);
  });

  test('every division into blocks gives the same output, as long as the input', () => {
    const sound = sine(440, rate, 0.1);
    const whole = resample(sound, rate, [sound.length]);
    expect(whole.length).toBe(Math.round((sound.length * TARGET) / rate));
    const sizes = fc.array(fc.nat(700), { maxLength: 8 }).map((blocks) => [...blocks, 1]);
    fc.assert(
      fc.property(sizes, (blocks) => {
        expect(resample(sound, rate, blocks)).toEqual(whole);
      }),
      { numRuns: 15 },
    );
  });

  test('a click stays at its time', () => {
    const click = new Float32Array(rate);
    const sample = Math.floor(rate / 3);
    click[sample] = 1;
    const output = [...resample(click, rate)];
    const at = output.indexOf(Math.max(...output)) / TARGET;
    expect(Math.abs(at - sample / rate)).toBeLessThan(0.000_2);
  });
});

test('loud speech is not made louder', () => {
  // The filter overshoots at the abrupt ends.
  const output = resample(sine(1_000, 8_000, 1), 8_000).subarray(200, -200);
  expect(Math.max(...output.map(Math.abs))).toBeLessThanOrEqual(1.01);
});
