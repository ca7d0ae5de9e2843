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
  /** How many times the usual limits the engine may take. */
  patience: number;
  ended: () => boolean;
  mayGive: () => boolean;
  onWant: () => void;
  /** The engine heard something; in seconds of the stream. */
  onEvent: (event: TranscriptEvent) => void;
  /** The engine listens: it has taken audio for a moment without a fault. */
  onSteady: () => void;
  /** It draws no audio any more. */
  onOver: () => void;
};

/** How a call of an engine ended: it heard all, it failed, or it was told to end. */
export type Outcome = 'done' | 'stopped' | AppError;

/** One call of an engine: feeds it, watches it, and lets it go however it ends. */
export class EngineCall {
  readonly view: CallAudio;
  /** Settles, never rejects, when the call is over and freed, or was not freed in time. */
  readonly outcome: Promise<Outcome>;
  readonly #parts: EngineCallParts;
  readonly #watchdog: Watchdog;
  readonly #abort = new AbortController();
  readonly #settled = Promise.withResolvers<Outcome>();
  readonly #startedAt = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #events: AsyncIterator<TranscriptEvent> | undefined;
  #over = false;
  #steady = false;

  constructor(parts: EngineCallParts) {
    this.#parts = parts;
    this.outcome = this.#settled.promise;
    this.#watchdog = new Watchdog(parts.limits, parts.patience);
    const { sampleRate } = parts.options;
    this.view = new CallAudio(parts.ring, sampleRate, {
      ...parts,
      onGive: (samples) => this.#watchdog.gave(samples / sampleRate),
    });
  }

  /** Whether it draws no audio any more. */
  get over(): boolean {
    return this.#over;
  }

  /** How much audio the engine was given, in seconds. */
  get sentSeconds(): number {
    return this.view.time.given / this.#parts.options.sampleRate;
  }

  /** For how long the call has lasted, by its audio or by the clock, whichever says more. In seconds. */
  get lasted(): number {
    return Math.max(this.sentSeconds, (performance.now() - this.#startedAt) / 1_000);
  }

  /** Ends the call. */
  stop(): void {
    this.#end('stopped');
  }

  begin(): void {
    const { engine, options, limits } = this.#parts;
    this.#timer = setInterval(() => this.#watch(), limits.watchMs);
    try {
      const events = engine.transcribe(this.view, { ...options, signal: this.#abort.signal });
      this.#events = events[Symbol.asyncIterator]();
      this.#pull();
    } catch (error) {
      this.#fail(error);
    }
  }

  #pull(): void {
    this.#events?.next().then(this.#hear, this.#fail);
  }

  readonly #hear = ({ done, value }: IteratorResult<TranscriptEvent>): void => {
    if (done) this.#events = undefined;
    if (this.#over) return;
    if (done) {
      this.#end(this.view.toldEnd ? 'done' : this.#failure('engine_failed', 'stopped listening'));
      return;
    }
    this.#watchdog.heard();
    this.#beSteady();
    this.#parts.onEvent(this.view.time.place(value));
    if (!this.#over) this.#pull();
  };

  readonly #fail = (error: unknown): void => {
    this.#events = undefined;
    this.#end(
      error instanceof AppError ? error : this.#failure('engine_failed', 'failed unexpectedly', error),
    );
  };

  #watch(): void {
    const { steadyMs } = this.#parts.limits;
    const { toldEnd, waiting, ahead, time } = this.view;
    const complaint = this.#watchdog.complaint(!toldEnd && (waiting || !ahead));
    if (complaint === 'stalled') this.#end(this.#failure('stalled', 'does not go on'));
    else if (complaint === 'deaf') this.#end(this.#failure('deaf', 'hears nothing'));
    else if (time.given > 0 && performance.now() - this.#startedAt >= steadyMs) this.#beSteady();
  }

  #beSteady(): void {
    if (this.#steady) return;
    this.#steady = true;
    this.#parts.onSteady();
  }

  #end(outcome: Outcome): void {
    if (this.#over) return;
    this.#over = true;
    clearInterval(this.#timer);
    this.view.close();
    this.#parts.onOver();
    this.#abort.abort();
    this.#freed().then(() => this.#settled.resolve(outcome));
  }

  /** An engine that does not let go is not waited for. */
  async #freed(): Promise<void> {
    if (!this.#events) return;
    const freed = (async () => this.#events?.return?.())().catch(() => {});
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, this.#parts.limits.releaseMs);
    await Promise.race([freed, late.promise]);
    clearTimeout(timer);
  }

  #failure(reason: string, what: string, cause?: unknown): AppError {
    const message = `${this.#parts.engine.label} ${what}. It is tried again.`;
    return new AppError('SERVICE_UNAVAILABLE', reason, message, { retryable: true, cause });
  }
}
