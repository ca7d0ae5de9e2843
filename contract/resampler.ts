/** Half the width of the low-pass filter, in samples of the lower rate. It is also the delay of `push`: 2 ms at 8 kHz. */
const REACH = 15;
/**
 * The middle of the filter's slope, as a share of the lower rate's Nyquist frequency. The slope ends at that frequency:
 * everything above it is at least 50 dB down, and everything below 78 % of it passes.
 */
const CUTOFF = 0.89;
/** Of the Kaiser window. A higher value would remove more above the slope, and make the slope wider. */
const BETA = 4.9;
/** How many values of the filter the table holds for each sample. Straight lines between them are wrong by −100 dB. */
const STEPS = 512;

/** The right half of the filter, and zeros after it. */
const FILTER = Float64Array.from({ length: (REACH + 1) * STEPS + 2 }, (_, i) => filterAt(i / STEPS));

/**
 * Changes the sample rate of audio, block by block. It evaluates a windowed-sinc low-pass filter at the positions of the
 * output samples. The filter removes frequencies that the lower rate cannot carry. They would become noise (aliasing).
 * Output sample k lies at the same time as input sample k × fromRate / toRate, so times in the audio stay right.
 * The output depends on the samples alone, not on how they are cut into blocks.
 */
export class Resampler {
  readonly #fromRate: number;
  readonly #toRate: number;
  /** The width of an input sample, in samples of the lower rate. */
  readonly #scale: number;
  /** How many input samples on each side make an output sample. */
  readonly #reach: number;
  /** The input that is still needed. It begins with silence, so that the first samples have neighbours. */
  #input: Float32Array;
  /** The number of the first sample in `#input`. */
  #start: number;
  #written = 0;

  /** Rates are whole numbers of samples a second. */
  constructor(fromRate: number, toRate: number) {
    this.#fromRate = fromRate;
    this.#toRate = toRate;
    this.#scale = Math.min(1, toRate / fromRate);
    this.#reach = Math.ceil(REACH / this.#scale);
    this.#input = new Float32Array(this.#reach);
    this.#start = -this.#reach;
  }

  /** @returns the output that is certain now; it may be empty. Audio at the target rate passes unchanged. */
  push(samples: Float32Array): Float32Array {
    if (this.#fromRate === this.#toRate) return samples;
    this.#append(samples);
    return this.#write(this.#outputBefore(this.#end - this.#reach, Math.ceil));
  }

  /** The audio has ended. @returns the last output. All output together is as long as the input, to half a sample. */
  flush(): Float32Array {
    if (this.#fromRate === this.#toRate) return new Float32Array(0);
    const length = this.#outputBefore(this.#end, Math.round);
    this.#append(new Float32Array(this.#reach));
    return this.#write(length);
  }

  get #end(): number {
    return this.#start + this.#input.length;
  }

  /** How many output samples lie before an input sample. */
  #outputBefore(sample: number, round: (count: number) => number): number {
    return Math.max(this.#written, round((sample * this.#toRate) / this.#fromRate));
  }

  #append(samples: Float32Array): void {
    const first = Math.floor((this.#written * this.#fromRate) / this.#toRate) - this.#reach;
    const kept = this.#input.subarray(first - this.#start);
    this.#input = new Float32Array(kept.length + samples.length);
    this.#input.set(kept);
    this.#input.set(samples, kept.length);
    this.#start = first;
  }

  /** @param count how many samples to have written then. */
  #write(count: number): Float32Array {
    const output = new Float32Array(count - this.#written);
    for (let i = 0; i < output.length; i += 1) output[i] = this.#sampleAt(this.#written + i);
    this.#written = count;
    return output;
  }

  #sampleAt(outputSample: number): number {
    // Whole numbers stay exact for months of audio. A position that grows by fractions would drift.
    const position = outputSample * this.#fromRate;
    const before = Math.floor(position / this.#toRate);
    const fraction = (position % this.#toRate) / this.#toRate;
    let sum = 0;
    for (let offset = 1 - this.#reach; offset <= this.#reach; offset += 1) {
      const step = Math.abs(offset - fraction) * this.#scale * STEPS;
      const i = Math.floor(step);
      const left = FILTER[i] as number;
      const weight = left + (step - i) * ((FILTER[i + 1] as number) - left);
      sum += weight * (this.#input[before + offset - this.#start] as number);
    }
    return sum * this.#scale;
  }
}

/** A sinc in a Kaiser window (Oppenheim and Schafer, Discrete-Time Signal Processing, 7.5.3). */
function filterAt(distance: number): number {
  if (distance > REACH) return 0;
  const x = Math.PI * CUTOFF * distance;
  const sinc = x === 0 ? 1 : Math.sin(x) / x;
  return CUTOFF * sinc * (bessel(BETA * Math.sqrt(1 - (distance / REACH) ** 2)) / bessel(BETA));
}

/** The modified Bessel function of order zero, as its power series. */
function bessel(x: number): number {
  let [sum, term] = [1, 1];
  for (let k = 1; term > 1e-12 * sum; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
