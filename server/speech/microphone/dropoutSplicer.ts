/** A longer run of zeros is silence, e.g. of a muted microphone. */
const LONGEST_SECONDS = 0.1;
/** Quiet audio has shorter runs of zeros by itself. */
const SHORTEST_SECONDS = 0.002;
/** Each sample of audio excuses this many zeros. Otherwise a few stray samples would turn silence into drop-outs. */
const ZEROS_PER_SAMPLE = 9;

/**
 * Leaves drop-outs out of the audio that is measured, and joins the audio around them. A drop-out is a short run of
 * exact zeros, as a bad radio link makes them. It says nothing about the level of the sound: a voice with drop-outs is
 * as loud as without them. Joining also hides the steps between a constant offset (DC) and the zeros.
 */
export class DropoutSplicer {
  readonly #shortest: number;
  readonly #longest: number;
  readonly #frame: Int16Array;
  readonly #onFrame: (frame: Int16Array) => void;
  #filled = 0;
  /** The zeros at the end of the audio so far. They are not in the frame yet. */
  #zeros = 0;
  /** How many zeros can be left out. */
  #excused = 0;

  /** @param onFrame called with each joined frame of `frameSamples` samples. It must not keep the array. */
  constructor(sampleRate: number, frameSamples: number, onFrame: (frame: Int16Array) => void) {
    this.#shortest = Math.round(SHORTEST_SECONDS * sampleRate);
    this.#longest = Math.round(LONGEST_SECONDS * sampleRate);
    this.#frame = new Int16Array(frameSamples);
    this.#onFrame = onFrame;
  }

  /** Accepts the next samples. */
  push(samples: Int16Array): void {
    if (this.#zeros === 0 && this.#hasNoDropout(samples)) this.#pass(samples);
    else for (const sample of samples) this.#add(sample);
    // Zeros that are not excused are silence. They go on at once, so that silence is noticed while it lasts.
    this.#write(0, this.#zeros - this.#excused);
    this.#zeros = Math.min(this.#zeros, this.#excused);
  }

  /** Forgets the unfinished frame, because the next samples do not follow the last ones. */
  reset(): void {
    this.#filled = 0;
    this.#zeros = 0;
    this.#excused = 0;
  }

  /** Whether there are no zeros at the ends and no long run between them. It looks at few samples. */
  #hasNoDropout(samples: Int16Array): boolean {
    for (let i = 0; i < samples.length; i += this.#shortest) if (samples[i] === 0) return false;
    return samples.at(-1) !== 0;
  }

  /** As `#add` for each sample, but faster. */
  #pass(samples: Int16Array): void {
    this.#excused = Math.min(this.#longest, this.#excused + ZEROS_PER_SAMPLE * samples.length);
    if (this.#filled === 0 && samples.length === this.#frame.length) this.#onFrame(samples);
    else for (const sample of samples) this.#write(sample, 1);
  }

  #add(sample: number): void {
    if (sample === 0) {
      this.#zeros += 1;
      return;
    }
    if (this.#zeros >= this.#shortest) this.#leaveOut();
    this.#write(0, this.#zeros);
    this.#zeros = 0;
    this.#write(sample, 1);
    this.#excused = Math.min(this.#longest, this.#excused + ZEROS_PER_SAMPLE);
  }

  #leaveOut(): void {
    const dropped = Math.min(this.#zeros, this.#excused);
    this.#zeros -= dropped;
    this.#excused -= dropped;
  }

  #write(sample: number, times: number): void {
    for (let i = 0; i < times; i += 1) {
      this.#frame[this.#filled] = sample;
      this.#filled += 1;
      if (this.#filled < this.#frame.length) continue;
      this.#filled = 0;
      this.#onFrame(this.#frame);
    }
  }
}
