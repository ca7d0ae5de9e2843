const FRAME_SECONDS = 0.02;
/** Nothing under this is the voice's own, but the mains hum is there. */
const LOWEST_HERTZ = 100;
/** What lies above tells little of speech. */
const HIGHEST_HERTZ = 8_000;
/** Digital silence and everything near it. */
const FAINTEST_DB = -80;
/** A full-scale square wave has the energy 2^30 a sample: 0 dB. */
const FULL_SCALE_BITS = 30;

/**
 * How loud a frame of audio is in each octave of the voice, by the Haar wavelet: sums and differences of neighbours, and
 * again of the sums. It costs two additions a sample at any sample rate, and a steady offset of the microphone vanishes
 * in the differences.
 */
export class OctaveLevels {
  /** About 20 ms. */
  readonly frameSamples: number;
  /** The lowest frequency of each octave, which is also its width; highest octave first. */
  readonly hertz: number[] = [];
  /** In dB of full scale, for each octave: what `measure` found. */
  readonly levels: Float64Array;
  readonly #steps: number;
  readonly #sums: Float32Array;

  constructor(sampleRate: number) {
    this.#steps = Math.floor(Math.log2(sampleRate / 2 / LOWEST_HERTZ));
    const multiple = 2 ** this.#steps;
    this.frameSamples = multiple * Math.round((FRAME_SECONDS * sampleRate) / multiple);
    this.#sums = new Float32Array(this.frameSamples);
    for (let step = 1; step <= this.#steps; step += 1) {
      if (sampleRate / 2 ** step <= HIGHEST_HERTZ) this.hertz.push(sampleRate / 2 ** (step + 1));
    }
    this.levels = new Float64Array(this.hertz.length);
  }

  /** @param frame `frameSamples` samples. */
  measure(frame: Int16Array): void {
    const unheard = this.#steps - this.levels.length;
    this.#sums.set(frame);
    for (let step = 1, pairs = frame.length / 2; step <= this.#steps; step += 1, pairs /= 2) {
      const energy = split(this.#sums, pairs);
      if (step <= unheard) continue;
      // Each step doubles the energy of what it hands on.
      const mean = energy / (frame.length * 2 ** (step + FULL_SCALE_BITS));
      this.levels[step - unheard - 1] = Math.max(FAINTEST_DB, 10 * Math.log10(mean));
    }
  }
}

/** Each pair of samples becomes its sum, in the first half of the place. Answers the energy of the differences. */
function split(samples: Float32Array, pairs: number): number {
  let energy = 0;
  for (let i = 0; i < pairs; i += 1) {
    const first = samples[2 * i] as number;
    const second = samples[2 * i + 1] as number;
    const difference = first - second;
    energy += difference * difference;
    samples[i] = first + second;
  }
  return energy;
}
