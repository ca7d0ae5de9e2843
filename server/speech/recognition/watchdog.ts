import type { RecognitionLimits } from './limits.ts';

/** Notices what an engine does not say of itself: that it takes no audio, or hears nothing. */
export class Watchdog {
  readonly #limits: RecognitionLimits;
  readonly #patience: number;
  #progressAt = performance.now();
  #heardAt = this.#progressAt;
  #unansweredSeconds = 0;

  /** @param patience how many times the limits it waits. */
  constructor(limits: RecognitionLimits, patience: number) {
    this.#limits = limits;
    this.#patience = patience;
  }

  /** The engine took audio, or heard that there is no more. */
  gave(seconds: number): void {
    this.#progressAt = performance.now();
    this.#unansweredSeconds += seconds;
  }

  heard(): void {
    this.#progressAt = performance.now();
    this.#heardAt = this.#progressAt;
    this.#unansweredSeconds = 0;
  }

  /** @param idle whether the engine has nothing to do: it waits for audio. */
  complaint(idle: boolean): 'stalled' | 'deaf' | null {
    const now = performance.now();
    const { stalledMs, deafSeconds } = this.#limits;
    if (idle) this.#progressAt = now;
    if (now - this.#progressAt >= stalledMs * this.#patience) return 'stalled';
    const deafAfter = deafSeconds * this.#patience;
    // Audio that was kept is given faster than it was spoken; the engine may take its time for it.
    const deaf = this.#unansweredSeconds >= deafAfter && now - this.#heardAt >= 1_000 * deafAfter;
    return deaf ? 'deaf' : null;
  }
}
