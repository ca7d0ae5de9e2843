import type { Word } from '../../../contract/types.ts';
import type { StreamDecoder } from '../local/child.ts';
import { confidenceOf } from '../local/confidence.ts';
import type { AudioChunk, TranscriptEvent } from '../transcriber.ts';
import type { NativeDecoder, Segment } from './native.ts';

export const SAMPLE_RATE = 16_000;
export const LANGUAGE = 'en-US';

const FRAMES_PER_SECOND = 100;
/** The decoder tells only at the end of a piece whether somebody speaks: longer ones would hide short pauses. */
const PIECE_SAMPLES = SAMPLE_RATE / 10;
/** Speech without a pause is cut here: a fan that counts as speech would otherwise never make a final. */
const LONGEST_UTTERANCE_SAMPLES = 30 * SAMPLE_RATE;

/** Turns the audio of one stream into events: an utterance ends when the decoder hears half a second of silence. */
export class PocketsphinxDecoder implements StreamDecoder {
  readonly #native: NativeDecoder;
  #utterances = 0;
  /** Samples of the utterance so far; 0 while nobody speaks. */
  #spoken = 0;
  #lastPartial: TranscriptEvent | undefined;

  constructor(native: NativeDecoder) {
    this.#native = native;
    native.startStream();
    native.startUtterance();
  }

  hear(chunk: AudioChunk): TranscriptEvent[] {
    // A copy, because samples must lie at even addresses.
    const samples = new Int16Array(new Uint8Array(chunk).buffer);
    const events: (TranscriptEvent | undefined)[] = [];
    for (let at = 0; at < samples.length; at += PIECE_SAMPLES) {
      events.push(this.#hearPiece(samples.subarray(at, at + PIECE_SAMPLES)));
    }
    return events.filter((event) => event !== undefined);
  }

  /** The audio has ended: what is left becomes the last final. */
  end(): TranscriptEvent[] {
    const last = this.#finish();
    return last ? [last] : [];
  }

  #hearPiece(samples: Int16Array): TranscriptEvent | undefined {
    this.#native.process(samples);
    const speaking = this.#native.inSpeech();
    if (speaking) this.#spoken += samples.length;
    if (speaking && this.#spoken < LONGEST_UTTERANCE_SAMPLES) return this.#partial();
    if (this.#spoken === 0) return;
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
    this.#spoken = 0;
    this.#lastPartial = undefined;
    return final;
  }

  /** The last pass over an utterance may leave nothing of it; what people have seen is then all there is. */
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
    return this.#native.segments().filter(isSpoken).map(toWord);
  }
}

/** Silence and noises stand among the words as `<s>`, `<sil>`, `[NOISE]`, `++BREATH++`. */
function isSpoken({ word }: Segment): boolean {
  return !/^(<.*>|\[.*\]|\+\+.*\+\+)$/.test(word);
}

/** The dictionary writes the second way to say a word as `word(2)`. */
function toWord({ word, firstFrame, lastFrame, posterior }: Segment): Word {
  return {
    text: word.replace(/\(\d+\)$/, ''),
    start: firstFrame / FRAMES_PER_SECOND,
    end: (lastFrame + 1) / FRAMES_PER_SECOND,
    confidence: Math.min(1, posterior),
  };
}
