import { createRandom } from './random.ts';

/** Makes samples of noise. All kinds are about equally loud. The same seed gives the same noise. */
export type Noise = (length: number, sampleRate: number, seed: number) => Float64Array;

export const white: Noise = (length, _sampleRate, seed) => {
  const random = createRandom(seed);
  // The sum of four uniform random numbers is nearly normally distributed.
  return Float64Array.from(
    { length },
    () => random.next() + random.next() + random.next() + random.next() - 2,
  );
};

/** Equal energy in each octave, like most rooms. Paul Kellet's filter for 44.1 kHz; close enough at other rates. */
export const pink: Noise = (length, sampleRate, seed) => {
  let [slow, middle, quick] = [0, 0, 0];
  return white(length, sampleRate, seed).map((sample) => {
    slow = 0.99765 * slow + 0.099046 * sample;
    middle = 0.963 * middle + 0.2965164 * sample;
    quick = 0.57 * quick + 1.0526913 * sample;
    return slow + middle + quick + 0.1848 * sample;
  });
};

/** Mains hum at 50 Hz with its harmonics. The loudness wavers slowly. */
export const hum: Noise = (length, sampleRate) => {
  const harmonics = [1, 0.6, 0.4, 0, 0.25, 0, 0.15, 0, 0.08];
  return Float64Array.from({ length }, (_, i) => {
    const turns = (2 * Math.PI * i) / sampleRate;
    const tones = harmonics.map((loudness, n) => loudness * Math.sin(50 * (n + 1) * turns + n));
    return (1 + 0.1 * Math.sin(0.3 * turns)) * tones.reduce((sum, tone) => sum + tone, 0);
  });
};

/** Typing on a keyboard, three or four keys a second, over a faint hiss. */
export const typing: Noise = (length, sampleRate, seed) => {
  const random = createRandom(seed);
  const samples = white(length, sampleRate, seed + 1).map((sample) => 0.02 * sample);
  for (let at = 0; at < length; at += Math.floor((0.08 + 0.35 * random.next()) * sampleRate)) {
    const decay = (0.005 + 0.015 * random.next()) * sampleRate;
    for (let i = 0; i < 4 * decay && at + i < length; i += 1) {
      samples[at + i] = (samples[at + i] ?? 0) + 3 * (random.next() - 0.5) * Math.exp((-2 * i) / decay);
    }
  }
  return samples;
};

/** Many voices at once. The recordings run backwards, so that they add no words that an engine could recognise. */
export function babbleOf(recordings: Float64Array[], voices = 10): Noise {
  return (length, _sampleRate, seed) => {
    const random = createRandom(seed);
    const samples = new Float64Array(length);
    for (let voice = 0; voice < voices; voice += 1) {
      for (let at = 0; at < length; ) {
        const backwards = random.pick(recordings).toReversed();
        for (const [i, sample] of backwards.subarray(0, length - at).entries()) {
          samples[at + i] = (samples[at + i] ?? 0) + sample;
        }
        at += backwards.length;
      }
    }
    return samples;
  };
}

/** The root mean square of the samples. */
export function loudness(samples: Float64Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}
