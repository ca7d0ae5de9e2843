import { CLOSE } from '../../contract/close.ts';

const FIRST_MS = 500;
const MAX_MS = 10_000;
const MAX_IN_HURRY_MS = 1_000;
/** The clients of a server that restarts come back within this time, and those of people who speak come first. */
const SPREAD_MS = 3_000;
const SPEAKERS_FIRST_MS = 300;
/** While calls go another way, the socket is tried rarely. */
const MAX_UNHURRIED_MS = 60_000;

/**
 * The pause before the next attempt to connect. All clients of a server lose it at the same moment, so the first attempt
 * after a restart or an unclean end is spread over three seconds. After any other end it comes at once. Later pauses are
 * a random part of a doubling time (full jitter).
 */
export class Backoff {
  #plannedMs = 0;
  #hurries = 0;
  #isStopped = false;
  #isSpread = false;
  #isUrgent = true;
  #endWait: (() => void) | undefined;

  /** @param close how the last connection ended. A `code` of 1006 means that it ended without a close frame. */
  noteClose({ code, wasClean }: { code: number; wasClean: boolean }): void {
    this.#isSpread = !wasClean || code === CLOSE.restart;
  }

  /** @param isUrgent false while nothing waits for this connection. Then later pauses are up to a minute long. */
  setUrgent(isUrgent: boolean): void {
    this.#isUrgent = isUrgent;
  }

  /** Sets the length of the next `wait`. @param attempt 0 for the first attempt after a connection was lost. */
  plan(attempt: number): void {
    this.#plannedMs =
      attempt === 0 ? this.#firstMs() : Math.random() * Math.min(this.#maxMs(), FIRST_MS * 2 ** attempt);
  }

  /** Makes the next wait last until `cut`, because more attempts would only be refused. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Keeps waits short, e.g. while unsent speech can be lost. @returns a function that ends this hurry. */
  hurry(): () => void {
    this.#hurries += 1;
    if (!this.#isStopped) this.cut();
    return () => {
      this.#hurries -= 1;
    };
  }

  async wait(): Promise<void> {
    const ms = this.#plannedMs;
    this.#plannedMs = 0;
    if (ms === 0 && !this.#isStopped) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#isStopped ? undefined : setTimeout(resolve, ms);
    this.#endWait = resolve;
    await promise;
    clearTimeout(timer);
    this.#endWait = undefined;
  }

  /** Ends the current wait, if there is one. */
  cut(): void {
    this.#isStopped = false;
    this.#endWait?.();
  }

  #maxMs(): number {
    if (!this.#isUrgent) return MAX_UNHURRIED_MS;
    return this.#hurries > 0 ? MAX_IN_HURRY_MS : MAX_MS;
  }

  #firstMs(): number {
    if (!this.#isSpread) return 0;
    if (this.#hurries > 0) return Math.random() * SPEAKERS_FIRST_MS;
    return SPEAKERS_FIRST_MS + Math.random() * (SPREAD_MS - SPEAKERS_FIRST_MS);
  }
}
