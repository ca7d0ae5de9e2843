/** How many input periods of the target rate the low-pass looks to each side. */
const REACH = 8;
/** Where the low-pass begins to cut, as a share of the target's Nyquist frequency. */
const CUTOFF = 0.9;

/**
 * Brings samples from one rate down to another, block by block: a windowed-sinc low-pass, evaluated where the output
 * samples fall, so that what the lower rate cannot hold does not come back as noise in the band of speech.
 */
export class Resampler {
  readonly #step: number;
  readonly #reach: number;
  #input = new Float32Array(0);
  /** Where in `#input` the next output sample falls. */
  #at: number;

  /** @throws RangeError if the target rate is the higher one. */
  constructor(fromRate: number, toRate: number) {
    if (toRate > fromRate) throw new RangeError('only a lower rate can be resampled to');
    this.#step = fromRate / toRate;
    this.#reach = Math.ceil(REACH * this.#step);
    this.#at = 0;
  }

  push(samples: Float32Array): Float32Array {
    if (this.#step === 1) return samples;
    this.#input = joined(this.#input, samples);
    const output: number[] = [];
    for (; this.#at + this.#reach < this.#input.length; this.#at += this.#step)
      output.push(this.#sampleAt(this.#at));
    this.#forget();
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

  /** A sinc at the cut-off under a Hann window. */
  #weight(distance: number): number {
    const x = (Math.PI * CUTOFF * distance) / this.#step;
    const sinc = x === 0 ? 1 : Math.sin(x) / x;
    const hann = 0.5 + 0.5 * Math.cos((Math.PI * distance) / this.#reach);
    return (sinc * hann * CUTOFF) / this.#step;
  }

  #forget(): void {
    const past = Math.max(0, Math.floor(this.#at - this.#reach));
    this.#input = this.#input.slice(past);
    this.#at -= past;
  }
}

function joined(a: Float32Array, b: Float32Array): Float32Array<ArrayBuffer> {
  const both = new Float32Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
