const FRAME_SECONDS = 0.02;
/** Lower frequencies hold mains hum, but no voice. */
const LOWEST_HERTZ = 100;
/** Higher frequencies hold little speech. */
const HIGHEST_HERTZ = 8_000;
/** The level of digital silence, and of all fainter sound. */
const LOWEST_LEVEL_DB = -80;
/** A full-scale square wave has an energy of 2^30 per sample. That is 0 dB. */
const FULL_SCALE_BITS = 30;

/**
 * Measures the level of an audio frame in each octave of the voice, with the Haar wavelet: it takes the sums and the
 * differences of neighbouring samples, and then the sums and differences of those sums. That costs two additions per
 * sample at any sample rate. The differences also cancel a constant offset (DC) of the microphone.
 */
export class OctaveLevels {
  /** The length of a frame, about 20 ms. */
  readonly frameSamples: number;
  /** The lowest frequency of each octave, in Hz. It is also the width of the octave. Highest octave first. */
  readonly lowestHertz: number[] = [];
  /** The result of `measure`: the level of each octave in dB of full scale. */
  readonly levels: Float64Array;
  readonly #steps: number;
  readonly #sums: Float32Array;

  constructor(sampleRate: number) {
    this.#steps = Math.floor(Math.log2(sampleRate / 2 / LOWEST_HERTZ));
    const multiple = 2 ** this.#steps;
    this.frameSamples = multiple * Math.round((FRAME_SECONDS * sampleRate) / multiple);
    this.#sums = new Float32Array(this.frameSamples);
    for (let step = 1; step <= this.#steps; step += 1) {
      if (sampleRate / 2 ** step <= HIGHEST_HERTZ) this.lowestHertz.push(sampleRate / 2 ** (step + 1));
    }
    this.levels = new Float64Array(this.lowestHertz.length);
  }

  /** Writes the levels of a frame to `levels`. @param frame `frameSamples` samples. */
  measure(frame: Int16Array): void {
    const skippedSteps = this.#steps - this.levels.length;
    this.#sums.set(frame);
    for (let step = 1, pairs = frame.length / 2; step <= this.#steps; step += 1, pairs /= 2) {
      const energy = haarStep(this.#sums, pairs);
      if (step <= skippedSteps) continue;
      // Each step doubles the energy of the sums that the next step reads.
      const mean = energy / (frame.length * 2 ** (step + FULL_SCALE_BITS));
      this.levels[step - skippedSteps - 1] = Math.max(LOWEST_LEVEL_DB, 10 * Math.log10(mean));
    }
  }
}

/** Replaces each pair of samples by its sum, in the first half of the array. @returns the energy of the differences. */
function haarStep(samples: Float32Array, pairs: number): number {
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
