/** Half the width of the low-pass filter, in samples of the target rate. */
const REACH = 8;
/** The cut-off of the low-pass filter, as a share of the target's Nyquist frequency. */
const CUTOFF = 0.9;

/**
 * Lowers the sample rate of audio, block by block. It evaluates a windowed-sinc low-pass filter at the positions of the
 * output samples. The filter removes frequencies above the lower rate's limit, which would become noise (aliasing).
 */
export class Resampler {
  readonly #step: number;
  readonly #reach: number;
  #input = new Float32Array(0);
  /** The position of the next output sample in `#input`. */
  #position: number;

  /** @throws RangeError if the target rate is higher than the source rate. */
  constructor(fromRate: number, toRate: number) {
    if (toRate > fromRate) throw new RangeError(`Cannot resample from ${fromRate} Hz up to ${toRate} Hz.`);
    this.#step = fromRate / toRate;
    this.#reach = Math.ceil(REACH * this.#step);
    this.#position = 0;
  }

  push(samples: Float32Array): Float32Array {
    if (this.#step === 1) return samples;
    this.#input = concat(this.#input, samples);
    const output: number[] = [];
    for (; this.#position + this.#reach < this.#input.length; this.#position += this.#step)
      output.push(this.#sampleAt(this.#position));
    this.#dropUsedInput();
    return Float32Array.from(output);
  }

  #sampleAt(position: number): number {
    let sum = 0;
    const last = Math.floor(position + this.#reach);
    for (let i = Math.max(0, Math.ceil(position - this.#reach)); i <= last; i += 1) {
      sum += (this.#input[i] ?? 0) * this.#weight(i - position);
    }
    return sum;
  }

  /** The filter: a sinc at the cut-off, in a Hann window. */
  #weight(distance: number): number {
    const x = (Math.PI * CUTOFF * distance) / this.#step;
    const sinc = x === 0 ? 1 : Math.sin(x) / x;
    const hann = 0.5 + 0.5 * Math.cos((Math.PI * distance) / this.#reach);
    return (sinc * hann * CUTOFF) / this.#step;
  }

  #dropUsedInput(): void {
    const used = Math.max(0, Math.floor(this.#position - this.#reach));
    this.#input = this.#input.slice(used);
    this.#position -= used;
  }
}

function concat(a: Float32Array, b: Float32Array): Float32Array<ArrayBuffer> {
  const both = new Float32Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
