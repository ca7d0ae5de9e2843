import { setTimeout as sleep } from 'node:timers/promises';

/**
 * How far a stream may be ahead of the time since its start. A client that was away sends what it has kept, which is a
 * minute at most.
 */
export const AHEAD_SECONDS = 90;

/**
 * Keeps a stream from being faster than speech. To hear a second of audio costs the main thread more than a millisecond,
 * and one client can send hundreds of seconds each second.
 */
export class Pace {
  readonly #startedAt = performance.now();
  #seconds = 0;

  /** Counts audio that was accepted. */
  add(seconds: number): void {
    this.#seconds += seconds;
  }

  /** Whether the next chunk must wait. */
  get isAhead(): boolean {
    return this.#waitMs > 0;
  }

  /** Waits until the next chunk may come. Of several that wait, each comes in its own time. */
  async wait(): Promise<void> {
    while (this.isAhead) await sleep(this.#waitMs, undefined, { ref: false });
  }

  get #waitMs(): number {
    return (this.#seconds - AHEAD_SECONDS) * 1_000 - (performance.now() - this.#startedAt);
  }
}
