/** Messages a second that one socket may send for long, and how many it may send at once. */
const PER_SECOND = 500;
const BURST = 2_000;

/**
 * A token bucket for the messages of one socket. A service that speaks in twenty rooms sends 400 messages a second. Who
 * sends more is read later.
 */
export class FrameRate {
  #tokens = BURST;
  #at = performance.now();

  /** Counts messages that were read. @returns how many milliseconds to wait before more are read. */
  take(count: number): number {
    const now = performance.now();
    this.#tokens = Math.min(BURST, this.#tokens + ((now - this.#at) * PER_SECOND) / 1_000) - count;
    this.#at = now;
    return this.#tokens >= 0 ? 0 : (-this.#tokens * 1_000) / PER_SECOND;
  }
}
