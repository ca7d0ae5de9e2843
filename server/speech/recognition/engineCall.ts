import { AppError } from '../../../contract/errors.ts';
import type { SpeechEngine, SpeechOptions, TranscriptEvent } from '../../transcriber/transcriber.ts';
import { CallAudio } from './callAudio.ts';
import type { RecognitionLimits } from './limits.ts';
import type { RingBuffer } from './ringBuffer.ts';
import { Watchdog } from './watchdog.ts';

export type EngineCallParts = {
  engine: SpeechEngine;
  options: SpeechOptions;
  ring: RingBuffer;
  limits: RecognitionLimits;
  /** Multiplies the watchdog's limits. */
  timeoutFactor: number;
  /** Whether the ring buffer holds all audio that will ever come. */
  audioEnded: () => boolean;
  /** Whether the engine may get audio now. */
  maySend: () => boolean;
  /** The engine got so many samples. The last of them is before `endSample` of the stream. */
  onSent?: ((samples: number, endSample: number) => void) | undefined;
  /** The engine has taken audio, so the ring buffer may want more. */
  onDemand: () => void;
  /** The engine has not taken all audio for a while, or not answered its end. This is repeated. */
  onBehind: () => void;
  /** The engine returned a result. Its times are seconds of the stream. */
  onResult: (result: TranscriptEvent) => void;
  /** The engine listens: it returned a result, or took audio and has not failed for a while. */
  onListening: () => void;
  /** The call takes no more audio. */
  onOver: () => void;
};

/** How a call ended: all audio was recognised, `stop()` was called, or the engine failed. */
export type Outcome = 'done' | 'stopped' | AppError;

/** One call of an engine: sends it audio, watches it, and frees it however the call ends. */
export class EngineCall {
  readonly audio: CallAudio;
  /** Settles when the call is over and the engine freed, or the time to free it has run out. It never rejects. */
  readonly outcome: Promise<Outcome>;
  readonly #parts: EngineCallParts;
  readonly #watchdog: Watchdog;
  readonly #abort = new AbortController();
  readonly #outcome = Promise.withResolvers<Outcome>();
  readonly #startedAt = performance.now();
  #watchdogTimer: NodeJS.Timeout | undefined;
  #results: AsyncIterator<TranscriptEvent> | undefined;
  #isOver = false;
  #isListening = false;

  constructor(parts: EngineCallParts) {
    this.#parts = parts;
    this.outcome = this.#outcome.promise;
    this.#watchdog = new Watchdog(parts.limits, parts.timeoutFactor);
    const { sampleRate } = parts.options;
    this.audio = new CallAudio(parts.ring, sampleRate, {
      ...parts,
      onSent: (samples) => {
        this.#watchdog.audioSent(samples / sampleRate);
        parts.onSent?.(samples, this.audio.time.endSample);
      },
    });
  }

  /** Whether the call takes no more audio. It may not be freed yet. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** How much audio the engine was sent, in seconds. */
  get sentSeconds(): number {
    return this.audio.time.sentSamples / this.#parts.options.sampleRate;
  }

  /** How old the call is in seconds, by its audio or by the clock, whichever is more. */
  get ageSeconds(): number {
    return Math.max(this.sentSeconds, (performance.now() - this.#startedAt) / 1_000);
  }

  /**
   * Whether the next call should take over before the engine cuts this one off. Inside an utterance this waits longer,
   * because the end of the utterance is the better moment.
   */
  isNearLimit(hasOpenUtterance: boolean): boolean {
    const { engine, limits } = this.#parts;
    if (this.#isOver || engine.longestSeconds === null) return false;
    const margin = Math.min(limits.rollOverSeconds, engine.longestSeconds / 4);
    return this.ageSeconds >= engine.longestSeconds - margin / (hasOpenUtterance ? 5 : 1);
  }

  start(): void {
    const { engine, options, limits } = this.#parts;
    this.#watchdogTimer = setInterval(() => this.#check(), limits.watchdogIntervalMs);
    try {
      const results = engine.transcribe(this.audio, { ...options, signal: this.#abort.signal });
      this.#results = results[Symbol.asyncIterator]();
      this.#readNext();
    } catch (error) {
      this.#fail(error);
    }
  }

  stop(): void {
    this.#end('stopped');
  }

  #readNext(): void {
    this.#results?.next().then(this.#accept, this.#fail);
  }

  readonly #accept = ({ done, value }: IteratorResult<TranscriptEvent>): void => {
    if (done) this.#results = undefined;
    if (this.#isOver) return;
    if (done) {
      this.#end(this.audio.endSent ? 'done' : this.#failure('engine_failed', 'stopped too early'));
      return;
    }
    this.#watchdog.resultReceived();
    this.#markListening();
    this.#parts.onResult(this.audio.time.toStreamTime(value));
    if (!this.#isOver) this.#readNext();
  };

  readonly #fail = (error: unknown): void => {
    this.#results = undefined;
    this.#end(
      error instanceof AppError ? error : this.#failure('engine_failed', 'failed unexpectedly', error),
    );
  };

  #check(): void {
    const { listeningAfterMs } = this.#parts.limits;
    const { endSent, isWaiting, hasUnsent, time } = this.audio;
    if (hasUnsent || endSent) this.#parts.onBehind();
    const verdict = this.#watchdog.check(!endSent && (isWaiting || !hasUnsent));
    if (verdict === 'stalled') this.#end(this.#failure('stalled', 'does not respond'));
    else if (verdict === 'deaf') this.#end(this.#failure('deaf', 'takes audio but returns no text'));
    else if (time.sentSamples > 0 && performance.now() - this.#startedAt >= listeningAfterMs)
      this.#markListening();
  }

  #markListening(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    this.#parts.onListening();
  }

  #end(outcome: Outcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#watchdogTimer);
    this.audio.close();
    this.#parts.onOver();
    this.#abort.abort();
    this.#free().then(() => this.#outcome.resolve(outcome));
  }

  /** Frees the engine. It has `releaseMs` for that: one that hangs must not block the next call. */
  async #free(): Promise<void> {
    if (!this.#results) return;
    const freed = (async () => this.#results?.return?.())().catch(() => {});
    const timeout = Promise.withResolvers<void>();
    const timer = setTimeout(timeout.resolve, this.#parts.limits.releaseMs);
    await Promise.race([freed, timeout.promise]);
    clearTimeout(timer);
  }

  #failure(reason: string, problem: string, cause?: unknown): AppError {
    const message = `${this.#parts.engine.label} ${problem}. Trying again.`;
    return new AppError('SERVICE_UNAVAILABLE', reason, message, { retryable: true, cause });
  }
}
