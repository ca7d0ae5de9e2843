import { silence, tone } from '../audio.ts';

/**
 * A language of tones: each word is one sine of 100 ms. What is heard follows from the samples alone, so a chunk that
 * got lost, came twice or out of order changes the words.
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
/** A quarter of what `sing` plays, so that a window that a tone only grazes counts as silence. */
const AUDIBLE = 800;

/** Two words never sound alike, and one may follow itself. @throws RangeError for a word that has no tone. */
function sing(words: string[], sampleRate: number): Uint8Array {
  return Buffer.concat(
    words.map((word) => {
      const index = WORDS.indexOf(word);
      if (index < 0) throw new RangeError(`no tone for ${word}`);
      return tone(LOWEST_HERTZ + STEP_HERTZ * index, WORD_SECONDS, sampleRate);
    }),
  );
}

/** Words with silence after them, so that they are an utterance of their own. */
export function singUtterance(text: string, sampleRate: number, pauseSeconds = 0.6): Uint8Array {
  return Buffer.concat([sing(text.split(' '), sampleRate), silence(pauseSeconds, sampleRate)]);
}

/** Which of two people says a word: the first half of the words are the one's, the others the other's. */
export function voiceOf(word: string): number {
  return WORDS.indexOf(word) < WORDS.length / 2 ? 0 : 1;
}

/** A word, or a moment of silence. Seconds from the first sample. */
export type Heard = { word: string | null; start: number; end: number };

export type Recognizer = {
  hear: (pcm: Buffer) => Iterable<Heard>;
  /** What is left when the audio ends. */
  end: () => Iterable<Heard>;
};

/** Listens in windows of a word's length from the first sample that sounds; in silence it moves on by 10 ms. */
export class ToneRecognizer implements Recognizer {
  readonly #sampleRate: number;
  #rest = Buffer.alloc(0);
  #samples = 0;
  #inSpeech = false;

  constructor(sampleRate: number) {
    this.#sampleRate = sampleRate;
  }

  *hear(pcm: Buffer): Generator<Heard> {
    this.#rest = Buffer.concat([this.#rest, pcm]);
    for (;;) {
      const seconds = this.#inSpeech ? WORD_SECONDS : HOP_SECONDS;
      const bytes = 2 * Math.round(seconds * this.#sampleRate);
      if (this.#rest.length < bytes) return;
      const window = this.#rest.subarray(0, bytes);
      if (!this.#inSpeech && amplitude(window) > AUDIBLE) this.#inSpeech = true;
      else yield this.#listen(window);
    }
  }

  end(): Generator<Heard> {
    return this.hear(Buffer.from(silence(WORD_SECONDS, this.#sampleRate)));
  }

  #listen(window: Buffer): Heard {
    const word = this.#inSpeech ? loudestWord(window, this.#sampleRate) : null;
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
  return loudest > AUDIBLE ? (WORDS[levels.indexOf(loudest)] ?? null) : null;
}

/** Amplitude of one frequency (in cycles a sample): Goertzel's algorithm. */
function level(window: Buffer, frequency: number): number {
  const coefficient = 2 * Math.cos(2 * Math.PI * frequency);
  let [last, beforeLast] = [0, 0];
  for (let at = 0; at < window.length; at += 2) {
    [last, beforeLast] = [window.readInt16LE(at) + coefficient * last - beforeLast, last];
  }
  const power = last ** 2 + beforeLast ** 2 - coefficient * last * beforeLast;
  return (4 * Math.sqrt(Math.max(0, power))) / window.length;
}

/** Of a sine: its root mean square times √2. */
function amplitude(window: Buffer): number {
  let sum = 0;
  for (let at = 0; at < window.length; at += 2) sum += window.readInt16LE(at) ** 2;
  return Math.sqrt((4 * sum) / window.length);
}
