import type { OnlineRecognizer, OnlineResult, OnlineStream } from 'sherpa-onnx-node';
import type { StreamDecoder, StreamOptions } from '../local/child.ts';
import { confidenceOf } from '../local/confidence.ts';
import type { AudioChunk, TranscriptEvent } from '../transcriber.ts';
import type { SherpaBatches } from './batches.ts';
import type { SherpaModel } from './models.ts';
import { toWords } from './words.ts';

/** A model decodes a stretch of audio at once (560 ms, and what surrounds it): silence fills up the last one. */
const TAIL_SECONDS = 1;

/** Turns the audio of one stream into events. What is heard is never taken back: the search is greedy. */
export class SherpaDecoder implements StreamDecoder {
  readonly #recognizer: OnlineRecognizer;
  readonly #turns: SherpaBatches;
  readonly #model: SherpaModel;
  readonly #options: StreamOptions;
  readonly #stream: OnlineStream;
  #samples = 0;
  #utterances = 0;
  #lastText = '';
  #closed = false;

  constructor(
    { recognizer, turns, model }: { recognizer: OnlineRecognizer; turns: SherpaBatches; model: SherpaModel },
    options: StreamOptions,
  ) {
    this.#recognizer = recognizer;
    this.#turns = turns;
    this.#model = model;
    this.#options = options;
    this.#stream = recognizer.createStream();
    // A model that can tell languages apart hears better if it need not.
    if (model.tellsLanguages && options.language !== 'auto')
      this.#stream.setOption('language', options.language);
  }

  async hear(chunk: AudioChunk): Promise<TranscriptEvent[]> {
    const samples = toFloats(chunk);
    this.#samples += samples.length;
    this.#accept(samples);
    return this.#decode();
  }

  async end(): Promise<TranscriptEvent[]> {
    this.#accept(new Float32Array(TAIL_SECONDS * this.#options.sampleRate));
    this.#stream.inputFinished();
    const events = await this.#decode();
    const last = this.#event('final');
    return last ? [...events, last] : events;
  }

  /** What the native stream holds is freed by the garbage collector, which sees a small object and is in no hurry. */
  close(): void {
    this.#closed = true;
    setImmediate(() => globalThis.gc?.());
  }

  #accept(samples: Float32Array): void {
    this.#stream.acceptWaveform({ samples, sampleRate: this.#options.sampleRate });
  }

  async #decode(): Promise<TranscriptEvent[]> {
    const events: TranscriptEvent[] = [];
    while (!this.#closed && this.#recognizer.isReady(this.#stream)) {
      await this.#turns.decode(this.#stream);
      const event = this.#look();
      if (event) events.push(event);
    }
    return events;
  }

  #look(): TranscriptEvent | undefined {
    if (!this.#recognizer.isEndpoint(this.#stream)) {
      const partial = this.#event('partial');
      if (partial?.text === this.#lastText) return;
      this.#lastText = partial?.text ?? '';
      return partial;
    }
    const final = this.#event('final');
    this.#recognizer.reset(this.#stream);
    this.#lastText = '';
    if (final) this.#utterances += 1;
    return final;
  }

  #event(type: TranscriptEvent['type']): TranscriptEvent | undefined {
    const words = toWords(this.#result(), this.#samples / this.#options.sampleRate);
    const [first, last] = [words[0], words.at(-1)];
    if (!first || !last) return;
    const text = words.map((word) => word.text).join(' ');
    return {
      type,
      utteranceId: `${this.#utterances + 1}`,
      text,
      // The last word may still grow.
      stableChars: type === 'final' ? text.length : text.length - last.text.length,
      language: this.#languageOf(text),
      start: first.start,
      end: last.end,
      confidence: confidenceOf(words),
      words,
    };
  }

  #result(): OnlineResult {
    const result = this.#recognizer.getResult(this.#stream);
    if (!this.#model.capitalsOnly) return result;
    return { ...result, tokens: result.tokens.map((token) => token.toLowerCase()) };
  }

  /** The model does not say which language it heard, but Korean has letters of its own. */
  #languageOf(text: string): string {
    const { languages } = this.#model;
    const { language } = this.#options;
    const wanted = language === 'auto' ? (/\p{Script=Hangul}/u.test(text) ? 'ko' : 'en') : language;
    return languages.find((tag) => tag === wanted || tag.startsWith(`${wanted}-`)) ?? languages[0];
  }
}

/** From −1 to 1. */
function toFloats(chunk: AudioChunk): Float32Array {
  const pcm = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  return Float32Array.from({ length: chunk.byteLength >> 1 }, (_, i) => pcm.getInt16(2 * i, true) / 32_768);
}
