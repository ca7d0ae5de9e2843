import { OctaveLevels } from './octaveLevels.ts';

/** Loudness is a mean over so many frames (160 ms): a click of a key is shorter, a word is not. */
const MEAN_FRAMES = 8;
/** The quietest moment is sought in so many blocks of so many frames (3 s): no speech goes on without a dip for so long. */
const BLOCKS = 8;
const BLOCK_FRAMES = 19;
/** At the beginning no octave of the room counts as louder than this: somebody may be speaking already. */
const FIRST_FLOOR_DB = -55;
/** No frame counts for more than this multiple of the threshold: a bang is not speech because it is loud. */
const CAP = 1.4;

/**
 * Tells speech from the room it is spoken in, in any language. Speech is what stands out, in one octave at least, from
 * the quietest moment of the last seconds in that octave: so noise that goes on is the room, however loud, and
 * hum or hiss in some octaves hides nothing in the others. Measured in docs/decisions/007-voice-activity.md.
 */
export class VoiceDetector {
  /** How many samples a frame has. */
  readonly frameSamples: number;
  readonly #octaves: OctaveLevels;
  readonly #rooms: Room[];

  constructor(sampleRate: number) {
    this.#octaves = new OctaveLevels(sampleRate);
    this.#rooms = this.#octaves.hertz.map((hertz) => new Room(hertz));
    this.frameSamples = this.#octaves.frameSamples;
  }

  /** Hears the next frame. Speech is noticed up to 160 ms after it begins. */
  isSpeech(frame: Int16Array): boolean {
    this.#octaves.measure(frame);
    let isSpeech = false;
    for (let i = 0; i < this.#rooms.length; i += 1) {
      // Every octave hears every frame, also when another has decided.
      if (this.#rooms[i]?.isExceededBy(this.#octaves.levels[i] as number)) isSpeech = true;
    }
    return isSpeech;
  }
}

/** What one octave sounds like when nobody speaks. */
class Room {
  readonly #threshold: number;
  readonly #recent = new Float64Array(MEAN_FRAMES).fill(FIRST_FLOOR_DB);
  /** The quietest mean of each of the last blocks, of all of them, and of the block under way. */
  readonly #blocks = new Float64Array(BLOCKS).fill(FIRST_FLOOR_DB);
  #quietest = FIRST_FLOOR_DB;
  #quietestNow = Number.POSITIVE_INFINITY;
  #frames = 0;

  constructor(widthHertz: number) {
    // The level of noise itself wavers: the more, the narrower the octave.
    this.#threshold = 5.5 + 37.5 / Math.sqrt(widthHertz);
  }

  /** @param level of the next frame, in dB. */
  isExceededBy(level: number): boolean {
    this.#recent[this.#frames % MEAN_FRAMES] = level;
    this.#frames += 1;
    const mean = this.#meanUpTo(Number.POSITIVE_INFINITY);
    this.#quietestNow = Math.min(this.#quietestNow, mean);
    const floor = Math.min(this.#quietest, this.#quietestNow);
    if (this.#frames % BLOCK_FRAMES === 0) this.#endBlock();
    if (mean <= floor + this.#threshold) return false;
    return this.#meanUpTo(floor + CAP * this.#threshold) > floor + this.#threshold;
  }

  #endBlock(): void {
    this.#blocks[(this.#frames / BLOCK_FRAMES) % BLOCKS] = this.#quietestNow;
    this.#quietest = Math.min(...this.#blocks);
    this.#quietestNow = Number.POSITIVE_INFINITY;
  }

  #meanUpTo(cap: number): number {
    let sum = 0;
    for (let i = 0; i < MEAN_FRAMES; i += 1) sum += Math.min(this.#recent[i] as number, cap);
    return sum / MEAN_FRAMES;
  }
}
