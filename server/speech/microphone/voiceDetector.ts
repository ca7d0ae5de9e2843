import { DropoutSplicer } from './dropoutSplicer.ts';
import { OctaveLevels } from './octaveLevels.ts';

/** The level is averaged over this many frames (160 ms). A key click is shorter than that; a word is not. */
const MEAN_FRAMES = 8;
/** The noise floor is the quietest mean of the last 3 s, in blocks of frames. Speech always dips within 3 s. */
const BLOCKS = 8;
const BLOCK_FRAMES = 19;
/** The noise floor at the start is at most this, because somebody may be speaking already. */
const INITIAL_FLOOR_DB = -55;
/** A single frame counts for at most this multiple of the threshold. A bang is loud, but it is not speech. */
const FRAME_CAP = 1.4;

/**
 * Voice activity detection (VAD) for any language. A frame is speech if at least one octave is louder than the noise
 * floor of that octave. Steady noise raises the floor, so it is not speech however loud it is; and hum or hiss in some
 * octaves hides no speech in the others. Drop-outs are not measured. Measured in docs/decisions/007-voice-activity.md.
 */
export class VoiceDetector {
  readonly frameSamples: number;
  readonly #octaves: OctaveLevels;
  readonly #noiseFloors: NoiseFloor[];
  readonly #splicer: DropoutSplicer;
  #heardSpeech = false;

  constructor(sampleRate: number) {
    this.#octaves = new OctaveLevels(sampleRate);
    this.#noiseFloors = this.#octaves.lowestHertz.map((hertz) => new NoiseFloor(hertz));
    this.frameSamples = this.#octaves.frameSamples;
    this.#splicer = new DropoutSplicer(sampleRate, this.frameSamples, (joined) => this.#measure(joined));
  }

  /**
   * Accepts the next frame of `frameSamples` samples. Speech is noticed up to 160 ms after it begins, and later between
   * drop-outs: then only some frames are found to be speech.
   */
  isSpeech(frame: Int16Array): boolean {
    this.#heardSpeech = false;
    this.#splicer.push(frame);
    return this.#heardSpeech;
  }

  /** Audio was lost: the next frame does not follow the last one. */
  skip(): void {
    this.#splicer.reset();
  }

  #measure(frame: Int16Array): void {
    this.#octaves.measure(frame);
    for (let i = 0; i < this.#noiseFloors.length; i += 1) {
      // No early exit: every octave must see every frame, to follow its noise.
      if (this.#noiseFloors[i]?.isExceededBy(this.#octaves.levels[i] as number)) this.#heardSpeech = true;
    }
  }
}

/** The level of one octave while nobody speaks. */
class NoiseFloor {
  readonly #thresholdDb: number;
  readonly #recentLevels = new Float64Array(MEAN_FRAMES).fill(INITIAL_FLOOR_DB);
  /** The quietest mean of each of the last blocks. */
  readonly #blockFloors = new Float64Array(BLOCKS).fill(INITIAL_FLOOR_DB);
  /** The quietest mean of all finished blocks, and of the current block. */
  #finishedFloor = INITIAL_FLOOR_DB;
  #currentFloor = Number.POSITIVE_INFINITY;
  #frames = 0;

  constructor(widthHertz: number) {
    // The level of noise fluctuates more in a narrow octave than in a wide one.
    this.#thresholdDb = 5.5 + 37.5 / Math.sqrt(widthHertz);
  }

  /** Accepts the level of the next frame, in dB. @returns whether the recent levels stand out from the floor. */
  isExceededBy(level: number): boolean {
    this.#recentLevels[this.#frames % MEAN_FRAMES] = level;
    this.#frames += 1;
    const mean = this.#meanWithCap(Number.POSITIVE_INFINITY);
    this.#currentFloor = Math.min(this.#currentFloor, mean);
    const floor = Math.min(this.#finishedFloor, this.#currentFloor);
    if (this.#frames % BLOCK_FRAMES === 0) this.#finishBlock();
    if (mean <= floor + this.#thresholdDb) return false;
    return this.#meanWithCap(floor + FRAME_CAP * this.#thresholdDb) > floor + this.#thresholdDb;
  }

  #finishBlock(): void {
    this.#blockFloors[(this.#frames / BLOCK_FRAMES) % BLOCKS] = this.#currentFloor;
    this.#finishedFloor = Math.min(...this.#blockFloors);
    this.#currentFloor = Number.POSITIVE_INFINITY;
  }

  #meanWithCap(cap: number): number {
    let sum = 0;
    for (let i = 0; i < MEAN_FRAMES; i += 1) sum += Math.min(this.#recentLevels[i] as number, cap);
    return sum / MEAN_FRAMES;
  }
}
