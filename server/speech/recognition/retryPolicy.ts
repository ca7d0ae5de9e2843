import type { AppError } from '../../../contract/errors.ts';
import type { SpeechEngine } from '../../transcriber/transcriber.ts';
import type { RecognitionLimits } from './limits.ts';

/**
 * Decides which engine is called next, when, and with how much patience, by how the calls before it went. Moments are
 * those of `performance.now()`.
 */
export class RetryPolicy {
  readonly #limits: RecognitionLimits;
  /** That may be called, the one to prefer first. */
  readonly #engines: SpeechEngine[];
  #engine: SpeechEngine;
  #patience = 1;
  #failures = 0;
  #callAt = 0;
  #awaySince = Number.POSITIVE_INFINITY;

  constructor(engine: SpeechEngine, fallback: SpeechEngine | null, limits: RecognitionLimits) {
    this.#limits = limits;
    this.#engines = fallback ? [engine, fallback] : [engine];
    this.#engine = engine;
  }

  /** Who is called. */
  get engine(): SpeechEngine {
    return this.#engine;
  }

  /** How many times the usual limits it may take to begin, or to say something. */
  get patience(): number {
    return this.#patience;
  }

  /** Not before this moment. */
  get callAt(): number {
    return this.#callAt;
  }

  /** From this moment on the other engine is called, unless this one is well again; Infinity for never. */
  get failOverAt(): number {
    if (this.alone) return Number.POSITIVE_INFINITY;
    return this.#awaySince + this.#limits.failOverMs;
  }

  /** Whether there is no other engine to call. */
  get alone(): boolean {
    return this.#engines.length < 2;
  }

  /** The engine cannot be called just now. */
  away(): void {
    this.#awaySince = Math.min(this.#awaySince, performance.now());
  }

  /** A call failed in a way that may heal. Jittered, so that not all streams come back at once. */
  failed({ reason }: AppError): void {
    const { backoffMs, longestBackoffMs } = this.#limits;
    const pauseMs = Math.min(longestBackoffMs, backoffMs * 2 ** this.#failures);
    this.#callAt = performance.now() + pauseMs * (0.5 + Math.random() / 2);
    this.#failures += 1;
    if (reason === 'deaf' || reason === 'stalled') this.#patience *= 2;
  }

  /** @param well whether it has heard enough that its failures are forgotten. */
  heard(well: boolean): void {
    this.#patience = 1;
    if (well) this.#forget();
  }

  /** Lets the other engine have its turn. */
  failOver(): void {
    this.#engine = this.#engines.find((engine) => engine !== this.#engine) ?? this.#engine;
    this.#patience = 1;
    this.#forget();
  }

  /** Never calls this engine again, but the other one. */
  strike(): void {
    const struck = this.#engines.indexOf(this.#engine);
    this.failOver();
    this.#engines.splice(struck, 1);
  }

  #forget(): void {
    this.#failures = 0;
    this.#callAt = 0;
    this.#awaySince = Number.POSITIVE_INFINITY;
  }
}
