import type { Heard, Recognizer } from './toneRecognizer.ts';

const SCRIPT = 'go forward ten meters hello world left right'.split(' ');
const WORD_SECONDS = 0.4;
/** So many times a word's length is silence between two utterances. */
const PAUSE_WORDS = 2;

/** Hears nothing, but always the same sentence, a word for every 0.4 s of audio: what costs least under load. */
export class ScriptedRecognizer implements Recognizer {
  readonly #wordBytes: number;
  #bytes = 0;
  #count = 0;

  constructor(sampleRate: number) {
    this.#wordBytes = 2 * Math.round(WORD_SECONDS * sampleRate);
  }

  *hear(pcm: Buffer): Generator<Heard> {
    this.#bytes += pcm.length;
    for (; this.#bytes >= (this.#count + 1) * this.#wordBytes; this.#count += 1) {
      const word = SCRIPT[this.#count % (SCRIPT.length + PAUSE_WORDS)] ?? null;
      yield { word, start: this.#count * WORD_SECONDS, end: (this.#count + 1) * WORD_SECONDS };
    }
  }

  *end(): Generator<Heard> {}
}
