import { AppError } from '../../../contract/errors.ts';
import type { EngineName, Word } from '../../../contract/types.ts';
import type { AudioChunk, SpeechEngine, TranscriptEvent } from '../transcriber.ts';

/** Samples a second, few of them: what matters here is which sample was heard where. */
export const NUMBERS_RATE = 1_000;
const WORD_SAMPLES = 100;
const PAUSE_SAMPLES = 300;

/** A number that is said, for as long as 100 samples of that value; or so many seconds of silence. */
export type Said = number | { silence: number };

/** PCM of numbers (1 to 32,767) and silence. */
export function sayNumbers(said: Said[]): Uint8Array {
  const samples = said.flatMap((one) =>
    typeof one === 'number'
      ? Array<number>(WORD_SAMPLES).fill(one)
      : Array<number>(Math.round(one.silence * NUMBERS_RATE)).fill(0),
  );
  return new Uint8Array(Int16Array.from(samples).buffer);
}

/**
 * What becomes of a call when it has drawn so many chunks: it throws, ends its events, stops drawing, or goes on
 * drawing but hears nothing more, not even the end.
 */
export type NumbersFault = { afterChunks: number; kind: AppError | 'leave' | 'hang' | 'deaf' };

/** What became of a call. */
export type NumbersCall = { seconds: number; audioEnded: boolean; freed: boolean };

export type NumbersEngine = SpeechEngine & { calls: NumbersCall[] };

export type NumbersOptions = {
  name?: EngineName;
  /** Of one call after the other; later calls have none. */
  faults?: (NumbersFault | undefined)[];
  /** A call with more audio fails. */
  longestSeconds?: number | null;
  /** A call that gets no audio for so long fails. */
  idleMs?: number;
  /** It takes so long over each chunk. */
  chunkTakesMs?: number;
  refusal?: string | null;
};

/**
 * An engine for tests that hears exactly what it is given: which numbers, and where. A number is heard once it is
 * over; an utterance is final after 0.3 s of silence, or at the end.
 */
export function createNumbersEngine({
  name = 'aws',
  faults = [],
  longestSeconds = null,
  idleMs = 15_000,
  chunkTakesMs = 0,
  refusal = null,
}: NumbersOptions = {}): NumbersEngine {
  const calls: NumbersCall[] = [];
  return {
    name,
    label: `The numbers engine ${name}`,
    description: 'Hears numbers.',
    languages: null,
    features: [],
    chunkMs: 100,
    longestSeconds,
    refuses: () => refusal,
    billedSeconds: Math.ceil,
    async *transcribe(audio, { signal }) {
      const call: NumbersCall = { seconds: 0, audioEnded: false, freed: false };
      const fault = faults[calls.length];
      calls.push(call);
      const source = audio[Symbol.asyncIterator]();
      const aborted = Promise.withResolvers<void>();
      signal.addEventListener('abort', () => aborted.resolve(source.return?.().then(() => {})), {
        once: true,
      });
      try {
        yield* hearNumbers({
          source,
          call,
          fault,
          longestSeconds,
          idleMs,
          chunkTakesMs,
          aborted: aborted.promise,
        });
      } finally {
        call.freed = true;
      }
    },
    close: async () => {},
    calls,
  };
}

type Hearing = {
  source: AsyncIterator<AudioChunk>;
  call: NumbersCall;
  fault: NumbersFault | undefined;
  longestSeconds: number | null;
  idleMs: number;
  chunkTakesMs: number;
  aborted: Promise<void>;
};

async function* hearNumbers({ source, call, fault, aborted, ...options }: Hearing) {
  const { longestSeconds, idleMs, chunkTakesMs } = options;
  const recognizer = new NumbersRecognizer();
  let samples = 0;
  for (let chunks = 0; ; chunks += 1) {
    const struck = fault && chunks >= fault.afterChunks ? fault.kind : undefined;
    if (struck instanceof AppError) throw struck;
    if (struck === 'leave') return;
    if (struck === 'hang') return await aborted;
    const { done, value } = await within(idleMs, source.next());
    if (done) {
      call.audioEnded = true;
      if (struck === 'deaf') return await aborted;
      yield* recognizer.end();
      return;
    }
    samples += value.length / 2;
    call.seconds = samples / NUMBERS_RATE;
    if (longestSeconds !== null && call.seconds > longestSeconds) {
      throw new AppError('SERVICE_UNAVAILABLE', 'engine_duration', 'Too long.', { retryable: true });
    }
    if (chunkTakesMs > 0) await new Promise((resolve) => setTimeout(resolve, chunkTakesMs));
    if (struck !== 'deaf') yield* recognizer.hear(value);
  }
}

/** @throws AppError if it takes longer. */
function within<T>(idleMs: number, promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const idle = new AppError('SERVICE_UNAVAILABLE', 'engine_idle', 'No audio.', { retryable: true });
  const timer = setTimeout(() => reject(idle), idleMs);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

class NumbersRecognizer {
  #samples = 0;
  #value = 0;
  #since = 0;
  #utterance = 0;
  #words: Word[] = [];

  *hear(pcm: AudioChunk): Generator<TranscriptEvent, void, void> {
    for (const value of new Int16Array(pcm.slice().buffer)) {
      if (value !== this.#value) yield* this.#turn(value);
      this.#samples += 1;
      if (this.#value === 0 && this.#samples - this.#since === PAUSE_SAMPLES) yield* this.#finish();
    }
  }

  *end(): Generator<TranscriptEvent, void, void> {
    yield* this.#turn(0);
    yield* this.#finish();
  }

  *#turn(value: number): Generator<TranscriptEvent, void, void> {
    const [start, end] = [this.#since / NUMBERS_RATE, this.#samples / NUMBERS_RATE];
    if (this.#value !== 0) {
      this.#words.push({ text: String(this.#value), start, end, confidence: 1 });
      yield this.#event('partial');
    }
    this.#value = value;
    this.#since = this.#samples;
  }

  *#finish(): Generator<TranscriptEvent, void, void> {
    if (this.#words.length > 0) yield this.#event('final');
    this.#words = [];
    this.#utterance += 1;
  }

  #event(type: 'partial' | 'final'): TranscriptEvent {
    const text = this.#words.map((word) => word.text).join(' ');
    return {
      type,
      utteranceId: `utterance ${this.#utterance}`,
      text,
      stableChars: text.length,
      language: 'en-US',
      start: this.#words[0]?.start ?? 0,
      end: this.#words.at(-1)?.end ?? 0,
      confidence: 1,
      words: [...this.#words],
    };
  }
}
