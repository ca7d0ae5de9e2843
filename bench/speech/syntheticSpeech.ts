import { readOptions } from '../../server/transcriber/testing/transcribe/requestOptions.ts';
import { ResultBuilder } from '../../server/transcriber/testing/transcribe/resultBuilder.ts';
import { singUtterance, ToneRecognizer } from '../../server/transcriber/testing/transcribe/toneRecognizer.ts';

export const SAMPLE_RATE = 16_000;
export const CHUNK_MS = 100;
const CHUNK_BYTES = (2 * SAMPLE_RATE * CHUNK_MS) / 1_000;

/** A word of `toneRecognizer.ts` lasts as long as a chunk. */
const WORDS = ['go', 'forward', 'ten', 'meters', 'hello', 'world', 'left', 'right', 'stop', '안녕', '그는'];
const SOUNDS = new Map(WORDS.map((word) => [word, singUtterance(word, SAMPLE_RATE, 0)]));
const SILENCE = new Uint8Array(CHUNK_BYTES);
const STEP_BYTES = CHUNK_BYTES / 10;

export type SongOptions = {
  /** The same seed sings the same. */
  seed: number;
  /** Seconds between one utterance and the next, 0.5 at least; the number of the utterance is given. */
  pauseSeconds?: (utterance: number) => number;
};

/**
 * What one person sings without end, somewhat faster than people speak: utterances of six to sixteen words, two and two,
 * as a single one is short enough to be a click; in chunks that begin amid a word.
 */
export class Song {
  /** As far as they were begun. */
  readonly words: string[] = [];
  /** Whether the last utterance has been sung to its end. */
  pauses = true;
  readonly #moments: Iterator<string | null, never>;
  readonly #shift: number;
  #rest: Uint8Array;
  #silent = 0;

  constructor({ seed, pauseSeconds = () => 0.6 }: SongOptions) {
    this.#moments = moments(seed, pauseSeconds);
    this.#shift = STEP_BYTES * (seed % 10);
    this.#rest = SILENCE.subarray(this.#shift);
  }

  /** PCM s16le mono of the next 100 ms. */
  nextChunk(): Uint8Array {
    const word = this.#moments.next().value;
    this.#silent = word === null ? this.#silent + 1 : 0;
    this.pauses = this.#silent > 3;
    if (word !== null) this.words.push(word);
    const sound = (word !== null && SOUNDS.get(word)) || SILENCE;
    const chunk = Buffer.concat([this.#rest, sound], CHUNK_BYTES);
    this.#rest = sound.subarray(CHUNK_BYTES - this.#rest.length);
    return chunk;
  }
}

/** For every 100 ms the word that is sung, or null. */
function* moments(
  seed: number,
  pauseSeconds: (utterance: number) => number,
): Generator<string | null, never> {
  const draw = numbers(seed);
  for (let utterance = 0; ; utterance += 1) {
    for (let pairs = 3 + draw(6); pairs > 0; pairs -= 1) {
      yield WORDS[draw(WORDS.length)] as string;
      yield WORDS[draw(WORDS.length)] as string;
      if (pairs > 1) yield* [null, null];
    }
    for (let i = Math.round(10 * pauseSeconds(utterance)); i > 0; i -= 1) yield null;
  }
}

/** Whole numbers below a bound, the same for the same seed (xorshift32). */
function numbers(seed: number): (below: number) => number {
  let state = (seed + 1) * 2_654_435_761;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** What the service says to a song, and with which chunk it has heard enough to say so. */
export type Said = { seq: number; isFinal: boolean; text: string };

/** Listens to the first so many chunks as the service would. */
export function listenTo(options: SongOptions, chunks: number): Said[] {
  const song = new Song(options);
  const recognizer = new ToneRecognizer(SAMPLE_RATE);
  const headers = { 'language-code': 'en-US', 'enable-partial-results-stabilization': 'true' };
  const asked = Object.entries(headers).map(([name, value]) => [`x-amzn-transcribe-${name}`, value]);
  const scribe = new ResultBuilder(readOptions(Object.fromEntries(asked)), []);
  const said: Said[] = [];
  for (let seq = 0; seq < chunks; seq += 1) {
    for (const heard of recognizer.hear(Buffer.from(song.nextChunk()))) {
      const result = scribe.note(heard) as
        | { IsPartial: boolean; Alternatives: [{ Transcript: string }] }
        | undefined;
      if (result) said.push({ seq, isFinal: !result.IsPartial, text: result.Alternatives[0].Transcript });
    }
  }
  return said;
}
