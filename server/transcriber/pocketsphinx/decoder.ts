import type { Word } from '../../../contract/types.ts';
import type { StreamDecoder } from '../local/child.ts';
import { confidenceOf } from '../local/confidence.ts';
import type { AudioChunk, TranscriptEvent } from '../transcriber.ts';
import type { DecodedWord, NativeDecoder } from './native.ts';

export const SAMPLE_RATE = 16_000;
export const LANGUAGE = 'en-US';

const FRAMES_PER_SECOND = 100;
/** The decoder reports only after each piece whether somebody speaks. Longer pieces would hide short pauses. */
const PIECE_SAMPLES = SAMPLE_RATE / 10;
/** Speech without a pause is cut here. Without the cut, a fan that counts as speech would never make a final. */
const LONGEST_UTTERANCE_SAMPLES = 30 * SAMPLE_RATE;

/** Turns the audio of one stream into events. Half a second of silence ends an utterance. */
export class PocketsphinxDecoder implements StreamDecoder {
  readonly #native: NativeDecoder;
  #utterances = 0;
  /** How many samples the current utterance has so far; 0 while nobody speaks. */
  #utteranceSamples = 0;
  #lastPartial: TranscriptEvent | undefined;

  constructor(native: NativeDecoder) {
    this.#native = native;
    native.startStream();
    native.startUtterance();
  }

  decode(chunk: AudioChunk): TranscriptEvent[] {
    // An Int16Array needs an even offset, so the chunk is copied.
    const samples = new Int16Array(new Uint8Array(chunk).buffer);
    const events: (TranscriptEvent | undefined)[] = [];
    for (let at = 0; at < samples.length; at += PIECE_SAMPLES) {
      events.push(this.#decodePiece(samples.subarray(at, at + PIECE_SAMPLES)));
    }
    return events.filter((event) => event !== undefined);
  }

  /** The audio has ended: the open utterance becomes the last final. */
  end(): TranscriptEvent[] {
    const last = this.#finish();
    return last ? [last] : [];
  }

  #decodePiece(samples: Int16Array): TranscriptEvent | undefined {
    this.#native.process(samples);
    const speaking = this.#native.inSpeech();
    if (speaking) this.#utteranceSamples += samples.length;
    if (speaking && this.#utteranceSamples < LONGEST_UTTERANCE_SAMPLES) return this.#partial();
    if (this.#utteranceSamples === 0) return;
    const final = this.#finish();
    this.#native.startUtterance();
    return final;
  }

  #partial(): TranscriptEvent | undefined {
    const words = this.#words().map((word) => ({ ...word, confidence: null }));
    const partial = this.#event('partial', words);
    if (!partial || partial.text === this.#lastPartial?.text) return;
    this.#lastPartial = partial;
    return partial;
  }

  #finish(): TranscriptEvent | undefined {
    this.#native.endUtterance();
    const final = this.#event('final', this.#words()) ?? this.#asFinal(this.#lastPartial);
    if (final) this.#utterances += 1;
    this.#utteranceSamples = 0;
    this.#lastPartial = undefined;
    return final;
  }

  /** The decoder's last pass may leave no words. People have read the last partial already, so it becomes the final. */
  #asFinal(partial: TranscriptEvent | undefined): TranscriptEvent | undefined {
    return partial && { ...partial, type: 'final', stableChars: partial.text.length };
  }

  #event(type: TranscriptEvent['type'], words: Word[]): TranscriptEvent | undefined {
    const [first, last] = [words[0], words.at(-1)];
    if (!first || !last) return;
    const text = words.map((word) => word.text).join(' ');
    return {
      type,
      utteranceId: `${this.#utterances + 1}`,
      text,
      stableChars: type === 'final' ? text.length : 0,
      language: LANGUAGE,
      start: first.start,
      end: last.end,
      confidence: confidenceOf(words),
      words,
    };
  }

  #words(): Word[] {
    return this.#native.words().filter(isSpoken).map(toWord);
  }
}

/** The decoder lists silence and noises among the words, as `<s>`, `<sil>`, `[NOISE]`, `++BREATH++`. */
function isSpoken({ word }: DecodedWord): boolean {
  return !/^(<.*>|\[.*\]|\+\+.*\+\+)$/.test(word);
}

/** The dictionary writes the second pronunciation of a word as `word(2)`. */
function toWord({ word, firstFrame, lastFrame, posterior }: DecodedWord): Word {
  return {
    text: word.replace(/\(\d+\)$/, ''),
    start: firstFrame / FRAMES_PER_SECOND,
    end: (lastFrame + 1) / FRAMES_PER_SECOND,
    confidence: Math.min(1, posterior),
  };
}
