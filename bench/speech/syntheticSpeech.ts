import { readOptions } from '../../server/transcriber/testing/transcribe/requestOptions.ts';
import { ResultBuilder } from '../../server/transcriber/testing/transcribe/resultBuilder.ts';
import {
  synthesizeUtterance,
  ToneRecognizer,
} from '../../server/transcriber/testing/transcribe/toneRecognizer.ts';

export const SAMPLE_RATE = 16_000;
export const CHUNK_MS = 100;
const CHUNK_BYTES = (2 * SAMPLE_RATE * CHUNK_MS) / 1_000;

/** Words that `toneRecognizer.ts` knows. Each one lasts 100 ms, as long as a chunk. */
const WORDS = ['go', 'forward', 'ten', 'meters', 'hello', 'world', 'left', 'right', 'stop', '안녕', '그는'];
const SOUNDS = new Map(WORDS.map((word) => [word, synthesizeUtterance(word, SAMPLE_RATE, 0)]));
const SILENCE = new Uint8Array(CHUNK_BYTES);
const STEP_BYTES = CHUNK_BYTES / 10;

export type SyntheticSpeechOptions = {
  /** The same seed gives the same speech. */
  seed: number;
  /** Seconds of silence after the utterance with this number (from 0), at least 0.5. */
  pauseSeconds?: (utterance: number) => number;
};

/**
 * Endless synthetic speech of one person, a little faster than people speak. An utterance has six to sixteen words, in
 * pairs, because the voice gate takes a single word of 100 ms for a click. Chunks may begin in the middle of a word.
 */
export class SyntheticSpeech {
  /** The words that have begun so far. */
  readonly words: string[] = [];
  /** Whether the last utterance is over. */
  isPausing = true;
  readonly #sounds: Iterator<string | null, never>;
  #rest: Uint8Array;
  #silentChunks = 0;

  constructor({ seed, pauseSeconds = () => 0.6 }: SyntheticSpeechOptions) {
    this.#sounds = sounds(seed, pauseSeconds);
    this.#rest = SILENCE.subarray(STEP_BYTES * (seed % 10));
  }

  /** The next 100 ms: PCM s16le mono at 16 kHz. */
  nextChunk(): Uint8Array {
    const word = this.#sounds.next().value;
    this.#silentChunks = word === null ? this.#silentChunks + 1 : 0;
    // Two silent chunks stand between the pairs of an utterance.
    this.isPausing = this.#silentChunks > 3;
    if (word !== null) this.words.push(word);
    const sound = (word !== null && SOUNDS.get(word)) || SILENCE;
    const chunk = Buffer.concat([this.#rest, sound], CHUNK_BYTES);
    this.#rest = sound.subarray(CHUNK_BYTES - this.#rest.length);
    return chunk;
  }
}

/** Yields for every 100 ms the word that is spoken, or null for silence. */
function* sounds(seed: number, pauseSeconds: (utterance: number) => number): Generator<string | null, never> {
  const randomBelow = seededRandom(seed);
  for (let utterance = 0; ; utterance += 1) {
    for (let pairs = 3 + randomBelow(6); pairs > 0; pairs -= 1) {
      yield WORDS[randomBelow(WORDS.length)] as string;
      yield WORDS[randomBelow(WORDS.length)] as string;
      if (pairs > 1) yield* [null, null];
    }
    for (let i = Math.round(10 * pauseSeconds(utterance)); i > 0; i -= 1) yield null;
  }
}

/** Returns random whole numbers below a bound. The same seed gives the same numbers (xorshift32). */
function seededRandom(seed: number): (below: number) => number {
  let state = (seed + 1) * 2_654_435_761;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** A result that the service returns, and the number of the chunk after which it can return it. */
export type ExpectedResult = { seq: number; isFinal: boolean; text: string };

/** Recognises the first chunks of a speech as the test service does. @param chunks how many. */
export function expectedResults(options: SyntheticSpeechOptions, chunks: number): ExpectedResult[] {
  const speech = new SyntheticSpeech(options);
  const recognizer = new ToneRecognizer(SAMPLE_RATE);
  const headers = { 'language-code': 'en-US', 'enable-partial-results-stabilization': 'true' };
  const requestHeaders = Object.entries(headers).map(([name, value]) => [`x-amzn-transcribe-${name}`, value]);
  const builder = new ResultBuilder(readOptions(Object.fromEntries(requestHeaders)), []);
  const results: ExpectedResult[] = [];
  for (let seq = 0; seq < chunks; seq += 1) {
    for (const heard of recognizer.recognize(Buffer.from(speech.nextChunk()))) {
      const result = builder.add(heard) as
        | { IsPartial: boolean; Alternatives: [{ Transcript: string }] }
        | undefined;
      if (result) results.push({ seq, isFinal: !result.IsPartial, text: result.Alternatives[0].Transcript });
    }
  }
  return results;
}
