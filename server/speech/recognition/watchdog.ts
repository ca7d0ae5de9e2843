import type { RecognitionLimits } from './limits.ts';

/** Notices failures that an engine does not report: it takes no audio (`stalled`), or returns no result (`deaf`). */
export class Watchdog {
  readonly #limits: RecognitionLimits;
  readonly #timeoutFactor: number;
  #progressAt = performance.now();
  #resultAt = this.#progressAt;
  #unansweredSeconds = 0;

  /** @param timeoutFactor multiplies the limits `stalledMs` and `deafSeconds`. */
  constructor(limits: RecognitionLimits, timeoutFactor: number) {
    this.#limits = limits;
    this.#timeoutFactor = timeoutFactor;
  }

  /** The engine took this much audio, or the end of the audio (0 seconds). */
  audioSent(seconds: number): void {
    this.#progressAt = performance.now();
    this.#unansweredSeconds += seconds;
  }

  resultReceived(): void {
    this.#progressAt = performance.now();
    this.#resultAt = this.#progressAt;
    this.#unansweredSeconds = 0;
  }

  /** @param isIdle whether the engine has nothing to do because it waits for audio. */
  check(isIdle: boolean): 'stalled' | 'deaf' | null {
    const now = performance.now();
    const { stalledMs, deafSeconds } = this.#limits;
    if (isIdle) this.#progressAt = now;
    if (now - this.#progressAt >= stalledMs * this.#timeoutFactor) return 'stalled';
    const deafAfter = deafSeconds * this.#timeoutFactor;
    // A replay is sent faster than it was spoken, so the engine may take the time of the speech to answer.
    const isDeaf = this.#unansweredSeconds >= deafAfter && now - this.#resultAt >= 1_000 * deafAfter;
    return isDeaf ? 'deaf' : null;
  }
}
