import type { AppError } from '../../../contract/errors.ts';
import type { SpeechEngine } from '../../transcriber/transcriber.ts';
import type { RecognitionLimits } from './limits.ts';

/** A longer wait for an engine that hangs would cost the audio that the replay buffer lets go of meanwhile. */
const MAX_TIMEOUT_FACTOR = 4;

/**
 * Decides from the earlier calls which engine is called next, when, and with which timeouts. Moments are those of
 * `performance.now()`.
 */
export class RetryPolicy {
  readonly #limits: RecognitionLimits;
  /** The engines that may be called, the preferred one first. */
  readonly #engines: SpeechEngine[];
  #engine: SpeechEngine;
  #timeoutFactor = 1;
  #failures = 0;
  #callAt = 0;
  #unavailableSince = Number.POSITIVE_INFINITY;

  constructor(engine: SpeechEngine, fallback: SpeechEngine | null, limits: RecognitionLimits) {
    this.#limits = limits;
    this.#engines = fallback ? [engine, fallback] : [engine];
    this.#engine = engine;
  }

  /** The engine to call next. */
  get engine(): SpeechEngine {
    return this.#engine;
  }

  /** Multiplies the watchdog's limits for the next call. */
  get timeoutFactor(): number {
    return this.#timeoutFactor;
  }

  /** The next call may not start before this moment. */
  get callAt(): number {
    return this.#callAt;
  }

  /** The moment to fail over, unless the engine recovers before; Infinity if it works or is the only engine. */
  get failOverAt(): number {
    if (this.isOnlyEngine) return Number.POSITIVE_INFINITY;
    return this.#unavailableSince + this.#limits.failOverMs;
  }

  get isOnlyEngine(): boolean {
    return this.#engines.length < 2;
  }

  /** The engine cannot be called just now. Failing over is counted from the first of these reports. */
  markUnavailable(): void {
    this.#unavailableSince = Math.min(this.#unavailableSince, performance.now());
  }

  /** A call failed and may be retried after a pause, which is jittered so that streams do not all retry at once. */
  backOff({ reason }: AppError): void {
    const { backoffMs, maxBackoffMs } = this.#limits;
    const pauseMs = Math.min(maxBackoffMs, backoffMs * 2 ** this.#failures);
    this.#callAt = performance.now() + pauseMs * (0.5 + Math.random() / 2);
    this.#failures += 1;
    if (reason === 'deaf' || reason === 'stalled')
      this.#timeoutFactor = Math.min(MAX_TIMEOUT_FACTOR, 2 * this.#timeoutFactor);
  }

  /** A call returned a result. @param isHealthy whether the earlier failures no longer count. */
  resultReceived(isHealthy: boolean): void {
    this.#timeoutFactor = 1;
    if (isHealthy) this.#resetFailures();
  }

  /** Switches to the other engine, if there is one. */
  failOver(): void {
    this.#engine = this.#engines.find((engine) => engine !== this.#engine) ?? this.#engine;
    this.#timeoutFactor = 1;
    this.#resetFailures();
  }

  /** Switches to the other engine and never calls this one again. */
  excludeEngine(): void {
    const excluded = this.#engines.indexOf(this.#engine);
    this.failOver();
    this.#engines.splice(excluded, 1);
  }

  #resetFailures(): void {
    this.#failures = 0;
    this.#callAt = 0;
    this.#unavailableSince = Number.POSITIVE_INFINITY;
  }
}
