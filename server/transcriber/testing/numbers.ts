import { AppError } from '../../../contract/errors.ts';
import type { EngineName, Word } from '../../../contract/types.ts';
import type { AudioChunk, SpeechEngine, TranscriptEvent } from '../transcriber.ts';

/** Samples a second. The rate is low, because the tests only check which samples arrived at which time. */
export const NUMBERS_RATE = 1_000;
const WORD_SAMPLES = 100;
const PAUSE_SAMPLES = 300;

/** A spoken number (100 samples of that value), or so many seconds of silence. */
export type SpokenItem = number | { silence: number };

/** PCM of spoken numbers (1 to 32,767) and silence. */
export function synthesizeNumbers(items: SpokenItem[]): Uint8Array {
  const samples = items.flatMap((item) =>
    typeof item === 'number'
      ? Array<number>(WORD_SAMPLES).fill(item)
      : Array<number>(Math.round(item.silence * NUMBERS_RATE)).fill(0),
  );
  return new Uint8Array(Int16Array.from(samples).buffer);
}

/**
 * A fault of a call after so many chunks. The call throws the AppError, ends its events (`leave`), stops reading
 * (`hang`), or reads on but emits nothing more, not even at the end of the audio (`deaf`).
 */
export type NumbersFault = { afterChunks: number; kind: AppError | 'leave' | 'hang' | 'deaf' };

/** The record of one call: seconds of audio it got, whether the audio ended, whether the call is over. */
type NumbersCall = { seconds: number; audioEnded: boolean; freed: boolean };

type NumbersEngine = SpeechEngine & { calls: NumbersCall[] };

type NumbersOptions = {
  name?: EngineName;
  /** The faults of the first, second, … call. Later calls have none. */
  faults?: (NumbersFault | undefined)[];
  /** A call that gets more audio than this fails. */
  longestSeconds?: number | null;
  /** A call that gets no audio for this long fails. */
  idleMs?: number;
  /** The time that the engine takes for each chunk. */
  chunkTakesMs?: number;
  refusal?: string | null;
};

/**
 * An engine for tests that recognises numbers and their times exactly. It emits a number when the number is over, and
 * a final after 0.3 s of silence or at the end of the audio.
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
    description: 'Recognises numbers.',
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
        yield* recognizeNumbers({
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

type NumbersCallParts = {
  source: AsyncIterator<AudioChunk>;
  call: NumbersCall;
  fault: NumbersFault | undefined;
  longestSeconds: number | null;
  idleMs: number;
  chunkTakesMs: number;
  aborted: Promise<void>;
};

async function* recognizeNumbers({ source, call, fault, aborted, ...options }: NumbersCallParts) {
  const { longestSeconds, idleMs, chunkTakesMs } = options;
  const recognizer = new NumbersRecognizer();
  let samples = 0;
  for (let chunks = 0; ; chunks += 1) {
    const activeFault = fault && chunks >= fault.afterChunks ? fault.kind : undefined;
    if (activeFault instanceof AppError) throw activeFault;
    if (activeFault === 'leave') return;
    if (activeFault === 'hang') return await aborted;
    const { done, value } = await within(idleMs, source.next());
    if (done) {
      call.audioEnded = true;
      if (activeFault === 'deaf') return await aborted;
      yield* recognizer.end();
      return;
    }
    samples += value.length / 2;
    call.seconds = samples / NUMBERS_RATE;
    if (longestSeconds !== null && call.seconds > longestSeconds) {
      throw new AppError('SERVICE_UNAVAILABLE', 'engine_duration', 'Too long.', { retryable: true });
    }
    if (chunkTakesMs > 0) await new Promise((resolve) => setTimeout(resolve, chunkTakesMs));
    if (activeFault !== 'deaf') yield* recognizer.recognize(value);
  }
}

/** Waits for the promise. @throws AppError if it takes longer than `idleMs`. */
function within<T>(idleMs: number, promise: Promise<T>): Promise<T> {
  const { promise: timeout, reject } = Promise.withResolvers<never>();
  const idle = new AppError('SERVICE_UNAVAILABLE', 'engine_idle', 'No audio.', { retryable: true });
  const timer = setTimeout(() => reject(idle), idleMs);
  return Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
}

class NumbersRecognizer {
  #samples = 0;
  /** The value of the current run of equal samples, and its first sample. */
  #value = 0;
  #runStart = 0;
  #utterance = 0;
  #words: Word[] = [];

  *recognize(pcm: AudioChunk): Generator<TranscriptEvent, void, void> {
    for (const value of new Int16Array(new Uint8Array(pcm).buffer)) {
      if (value !== this.#value) yield* this.#startRun(value);
      this.#samples += 1;
      if (this.#value === 0 && this.#samples - this.#runStart === PAUSE_SAMPLES) yield* this.#finish();
    }
  }

  *end(): Generator<TranscriptEvent, void, void> {
    yield* this.#startRun(0);
    yield* this.#finish();
  }

  *#startRun(value: number): Generator<TranscriptEvent, void, void> {
    const [start, end] = [this.#runStart / NUMBERS_RATE, this.#samples / NUMBERS_RATE];
    if (this.#value !== 0) {
      this.#words.push({ text: String(this.#value), start, end, confidence: 1 });
      yield this.#event('partial');
    }
    this.#value = value;
    this.#runStart = this.#samples;
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
