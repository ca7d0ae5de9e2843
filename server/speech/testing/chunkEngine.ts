import { AppError } from '../../../contract/errors.ts';
import type { EngineName } from '../../../contract/types.ts';
import { createScriptedEngine } from '../../transcriber/testing/scripted.ts';
import type { AudioChunk, SpeechEngine, TranscriptEvent } from '../../transcriber/transcriber.ts';

/** The length of a chunk. A number fills it, so that a test sees what was heard. */
export const CHUNK_SECONDS = 0.5;

/**
 * How an engine fails while it is away. `hangs`: it takes no audio. `deaf`: it takes audio and returns nothing. `queue`:
 * the engine works, and somebody else has its only place.
 */
export type Fault = 'refused' | 'breaks' | 'hangs' | 'deaf' | 'alternates' | 'queue';

/** An engine that hears the number that fills a chunk. `faultNow` says how it fails at this moment. */
export function createChunkEngine(
  name: EngineName,
  faultNow: (call: number) => Fault | undefined,
): SpeechEngine {
  let calls = 0;
  return {
    ...createScriptedEngine([]),
    name,
    async *transcribe(audio, { signal, sampleRate }) {
      calls += 1;
      const call = calls;
      const aborted = new Promise<'aborted'>((resolve) => {
        signal.addEventListener('abort', () => resolve('aborted'), { once: true });
      });
      const source = audio[Symbol.asyncIterator]();
      const recognizer = new ChunkRecognizer(sampleRate);
      let isDeaf = false;
      try {
        for (let chunks = 0; ; chunks += 1) {
          const fault = faultNow(call);
          const next = fault === 'hangs' ? await aborted : await Promise.race([source.next(), aborted]);
          if (next === 'aborted') return;
          if (fault === 'deaf') isDeaf = true;
          if (fault === 'refused' || (fault === 'breaks' && (chunks >= 2 || next.done))) throw away();
          if (isDeaf && next.done) return void (await aborted);
          if (isDeaf) continue;
          if (next.done) yield* recognizer.finish();
          if (next.done) return;
          yield* recognizer.recognize(next.value);
        }
      } finally {
        source.return?.().then(undefined, () => {});
      }
    },
  };
}

const away = () => new AppError('SERVICE_UNAVAILABLE', 'engine_unreachable', 'Away.', { retryable: true });

/** Makes an utterance of every two seconds of audio, with a word for each number that it hears. */
class ChunkRecognizer {
  readonly #sampleRate: number;
  #samples = 0;
  #utterances = 0;
  #words: TranscriptEvent['words'] = [];

  constructor(sampleRate: number) {
    this.#sampleRate = sampleRate;
  }

  *recognize(pcm: AudioChunk): Generator<TranscriptEvent, void, void> {
    const [first] = new Int16Array(pcm.slice().buffer);
    const start = this.#samples / this.#sampleRate;
    this.#samples += pcm.length / 2;
    const end = this.#samples / this.#sampleRate;
    this.#words.push({ text: String(first), start, end, confidence: 1 });
    if (this.#words.length >= 2 / CHUNK_SECONDS) yield* this.finish();
  }

  *finish(): Generator<TranscriptEvent, void, void> {
    const words = this.#words;
    if (words.length === 0) return;
    this.#words = [];
    this.#utterances += 1;
    const text = words.map((word) => word.text).join(' ');
    const [start, end] = [words[0]?.start ?? 0, words.at(-1)?.end ?? 0];
    yield {
      ...{ type: 'final', utteranceId: String(this.#utterances), text, stableChars: text.length },
      ...{ language: 'en-US', start, end, confidence: 1, words },
    };
  }
}

/** The number that fills a chunk: odd, so that no byte pattern of it looks like silence. */
export const numberOf = (seq: number) => 2 * seq + 1;
export const seqOf = (number = 1) => (number - 1) / 2;
