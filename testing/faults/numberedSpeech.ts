import type { Random } from '../../server/transcriber/testing/random.ts';
import { synthesizeNumber } from '../../server/transcriber/testing/transcribe/numberRecognizer.ts';

export const SAMPLE_RATE = 16_000;
export const CHUNK_MS = 100;

const SILENCE = new Uint8Array((2 * SAMPLE_RATE * CHUNK_MS) / 1_000);
/** The pause after an utterance, in chunks. Rarely it is so long that the voice gate leaves silence out. */
const PAUSE_CHUNKS = [6, 9] as const;
const LONG_PAUSE_CHUNKS = 40;
const LONG_PAUSE_SHARE = 0.03;

/** A spoken word, and when it began, in ms since 1970. */
export type SpokenWord = { number: number; at: number };

/**
 * Endless speech of one person, who counts from 0 on. An utterance has four to sixteen numbers, in pairs, because the
 * voice gate takes a single sound of 100 ms for a click. Each number fills a chunk: a lost chunk costs a whole word.
 */
export class NumberedSpeech {
  readonly spoken: SpokenWord[] = [];
  /** Whether the last utterance is over. */
  isPausing = true;
  readonly #words: Iterator<boolean, never>;
  #silentChunks = 0;

  constructor(random: Random) {
    this.#words = speechOrSilence(random);
  }

  /** The next 100 ms. @param at when they begin, in ms since 1970. @returns PCM s16le mono. */
  nextChunk(at: number): Uint8Array {
    const isWord = this.#words.next().value;
    this.#silentChunks = isWord ? 0 : this.#silentChunks + 1;
    this.isPausing = this.#silentChunks > 3;
    if (!isWord) return SILENCE;
    const number = this.spoken.length;
    this.spoken.push({ number, at });
    return synthesizeNumber(number, SAMPLE_RATE);
  }
}

/** For each chunk: whether it is a word. */
function* speechOrSilence(random: Random): Generator<boolean, never> {
  for (;;) {
    for (let pairs = random.between(2, 8); pairs > 0; pairs -= 1) {
      yield* [true, true];
      if (pairs > 1) yield* [false, false];
    }
    const isLong = random.next() < LONG_PAUSE_SHARE;
    for (let i = isLong ? LONG_PAUSE_CHUNKS : random.between(...PAUSE_CHUNKS); i > 0; i -= 1) yield false;
  }
}
