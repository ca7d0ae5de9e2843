import { silence, tone } from '../audio.ts';

/**
 * The words of the synthetic speech. Each word is a sine tone of 100 ms, so the samples alone decide the recognised
 * words: a chunk that is lost, comes twice or comes out of order changes them.
 */
const WORDS = [
  'go',
  'forward',
  'ten',
  'meters',
  'hello',
  'world',
  'left',
  'right',
  'stop',
  '안녕',
  '그는',
  '옆으로',
];
const LOWEST_HERTZ = 400;
const STEP_HERTZ = 120;
const WORD_SECONDS = 0.1;
const HOP_SECONDS = 0.01;
/** A quarter of the amplitude of a tone: a window with only the edge of a tone counts as silence. */
export const MIN_AMPLITUDE = 800;

/** Each word has a frequency of its own, and a word may follow itself. @throws RangeError for a word without a tone. */
function synthesizeWords(words: string[], sampleRate: number): Uint8Array {
  return Buffer.concat(
    words.map((word) => {
      const index = WORDS.indexOf(word);
      if (index < 0) throw new RangeError(`no tone for ${word}`);
      return tone(LOWEST_HERTZ + STEP_HERTZ * index, WORD_SECONDS, sampleRate);
    }),
  );
}

/** PCM of the words, and silence after them that ends the utterance. */
export function synthesizeUtterance(text: string, sampleRate: number, pauseSeconds = 0.6): Uint8Array {
  return Buffer.concat([synthesizeWords(text.split(' '), sampleRate), silence(pauseSeconds, sampleRate)]);
}

/** The speaker of a word: 0 says the first half of the words, 1 the second half. */
export function speakerOf(word: string): number {
  return WORDS.indexOf(word) < WORDS.length / 2 ? 0 : 1;
}

/** A word, or a short silence (`word` is null). Times are in seconds from the first sample. */
export type Recognized = { word: string | null; start: number; end: number };

export type Recognizer = {
  recognize: (pcm: Buffer) => Iterable<Recognized>;
  /** The remaining words, when the audio ends. */
  end: () => Iterable<Recognized>;
};

/** In speech it looks at windows of a word's length; in silence it moves on by 10 ms at a time. */
export class ToneRecognizer implements Recognizer {
  readonly #sampleRate: number;
  readonly #wordIn: (window: Buffer, sampleRate: number) => string | null;
  #rest = Buffer.alloc(0);
  #samples = 0;
  #inSpeech = false;

  /** @param wordIn recognises the word in 100 ms of audio; null in silence. */
  constructor(sampleRate: number, wordIn = loudestWord) {
    this.#sampleRate = sampleRate;
    this.#wordIn = wordIn;
  }

  *recognize(pcm: Buffer): Generator<Recognized> {
    this.#rest = Buffer.concat([this.#rest, pcm]);
    for (;;) {
      const seconds = this.#inSpeech ? WORD_SECONDS : HOP_SECONDS;
      const bytes = 2 * Math.round(seconds * this.#sampleRate);
      if (this.#rest.length < bytes) return;
      const window = this.#rest.subarray(0, bytes);
      if (!this.#inSpeech && amplitude(window) > MIN_AMPLITUDE) this.#inSpeech = true;
      else yield this.#consume(window);
    }
  }

  end(): Generator<Recognized> {
    return this.recognize(Buffer.from(silence(WORD_SECONDS, this.#sampleRate)));
  }

  #consume(window: Buffer): Recognized {
    const word = this.#inSpeech ? this.#wordIn(window, this.#sampleRate) : null;
    const start = this.#samples / this.#sampleRate;
    this.#inSpeech = word !== null;
    this.#samples += window.length / 2;
    this.#rest = this.#rest.subarray(window.length);
    return { word, start, end: this.#samples / this.#sampleRate };
  }
}

function loudestWord(window: Buffer, sampleRate: number): string | null {
  const levels = WORDS.map((_, i) => level(window, (LOWEST_HERTZ + STEP_HERTZ * i) / sampleRate));
  const loudest = Math.max(...levels);
  return loudest > MIN_AMPLITUDE ? (WORDS[levels.indexOf(loudest)] ?? null) : null;
}

/** The amplitude at one frequency (in cycles a sample), by Goertzel's algorithm. */
export function level(window: Buffer, frequency: number): number {
  const coefficient = 2 * Math.cos(2 * Math.PI * frequency);
  let [last, beforeLast] = [0, 0];
  for (let at = 0; at < window.length; at += 2) {
    [last, beforeLast] = [window.readInt16LE(at) + coefficient * last - beforeLast, last];
  }
  const power = last ** 2 + beforeLast ** 2 - coefficient * last * beforeLast;
  return (4 * Math.sqrt(Math.max(0, power))) / window.length;
}

/** The amplitude of a sine wave: its root mean square times √2. */
function amplitude(window: Buffer): number {
  let sum = 0;
  for (let at = 0; at < window.length; at += 2) sum += window.readInt16LE(at) ** 2;
  return Math.sqrt((4 * sum) / window.length);
}
