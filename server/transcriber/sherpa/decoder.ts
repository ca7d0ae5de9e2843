import type { OnlineRecognizer, OnlineResult, OnlineStream } from 'sherpa-onnx-node';
import type { StreamDecoder } from '../local/child.ts';
import { confidenceOf } from '../local/confidence.ts';
import { toFloats } from '../local/pcm.ts';
import type { AudioChunk, TranscriptEvent } from '../transcriber.ts';
import type { SherpaBatches } from './batches.ts';
import type { SherpaModel } from './models.ts';
import { toWords } from './words.ts';

/** The decoder hears this rate only. The library would take others too, but its filter lets aliases through. */
export const SAMPLE_RATE = 16_000;
/** A model decodes blocks of audio (560 ms, with some context around each). This silence fills the last block. */
const TAIL_SECONDS = 1;

/** Turns the audio of one stream into events. A word, once recognised, does not change: the search is greedy. */
export class SherpaDecoder implements StreamDecoder {
  readonly #recognizer: OnlineRecognizer;
  readonly #batches: SherpaBatches;
  readonly #model: SherpaModel;
  readonly #language: string;
  readonly #stream: OnlineStream;
  #samples = 0;
  #utterances = 0;
  #lastText = '';
  #closed = false;

  constructor(
    {
      recognizer,
      batches,
      model,
    }: { recognizer: OnlineRecognizer; batches: SherpaBatches; model: SherpaModel },
    language: string,
  ) {
    this.#recognizer = recognizer;
    this.#batches = batches;
    this.#model = model;
    this.#language = language;
    this.#stream = recognizer.createStream();
    // A model that can detect the language works better if it need not.
    if (model.detectsLanguage && language !== 'auto') this.#stream.setOption('language', language);
  }

  async decode(chunk: AudioChunk): Promise<TranscriptEvent[]> {
    const samples = toFloats(chunk);
    this.#samples += samples.length;
    this.#accept(samples);
    return this.#decodeReady();
  }

  async end(): Promise<TranscriptEvent[]> {
    this.#accept(new Float32Array(TAIL_SECONDS * SAMPLE_RATE));
    this.#stream.inputFinished();
    const events = await this.#decodeReady();
    const last = this.#event('final');
    return last ? [...events, last] : events;
  }

  /** Only the garbage collector frees a native stream. It sees a small object and would wait long, so we call it. */
  close(): void {
    this.#closed = true;
    setImmediate(() => globalThis.gc?.());
  }

  #accept(samples: Float32Array): void {
    this.#stream.acceptWaveform({ samples, sampleRate: SAMPLE_RATE });
  }

  async #decodeReady(): Promise<TranscriptEvent[]> {
    const events: TranscriptEvent[] = [];
    while (!this.#closed && this.#recognizer.isReady(this.#stream)) {
      await this.#batches.decode(this.#stream);
      const event = this.#nextEvent();
      if (event) events.push(event);
    }
    return events;
  }

  #nextEvent(): TranscriptEvent | undefined {
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
    const words = toWords(this.#result(), this.#samples / SAMPLE_RATE);
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

  /** The model does not report the language that it detects, but Korean has letters of its own. */
  #languageOf(text: string): string {
    const { languages } = this.#model;
    const detected = /\p{Script=Hangul}/u.test(text) ? 'ko' : 'en';
    const wanted = this.#language === 'auto' ? detected : this.#language;
    return languages.find((tag) => tag === wanted || tag.startsWith(`${wanted}-`)) ?? languages[0];
  }
}
