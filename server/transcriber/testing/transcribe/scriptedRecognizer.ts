import type { Recognized, Recognizer } from './toneRecognizer.ts';

const SCRIPT = 'go forward ten meters hello world left right'.split(' ');
const WORD_SECONDS = 0.4;
/** The silence between two utterances, in lengths of a word. */
const PAUSE_WORDS = 2;

/** Ignores the audio and repeats one sentence, a word for every 0.4 s of audio. It is cheap: load tests use it. */
export class ScriptedRecognizer implements Recognizer {
  readonly #wordBytes: number;
  #bytes = 0;
  #count = 0;

  constructor(sampleRate: number) {
    this.#wordBytes = 2 * Math.round(WORD_SECONDS * sampleRate);
  }

  *recognize(pcm: Buffer): Generator<Recognized> {
    this.#bytes += pcm.length;
    for (; this.#bytes >= (this.#count + 1) * this.#wordBytes; this.#count += 1) {
      const word = SCRIPT[this.#count % (SCRIPT.length + PAUSE_WORDS)] ?? null;
      yield { word, start: this.#count * WORD_SECONDS, end: (this.#count + 1) * WORD_SECONDS };
    }
  }

  *end(): Generator<Recognized> {}
}
