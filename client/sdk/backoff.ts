const FIRST_MS = 500;
const MAX_MS = 10_000;
const MAX_IN_HURRY_MS = 1_000;

/**
 * The pause before the next attempt to connect. The first attempt comes at once. Later pauses are a random part of a
 * doubling time (full jitter), so that the clients of a restarted server do not all reconnect at the same moment.
 */
export class Backoff {
  #plannedMs = 0;
  #hurries = 0;
  #isStopped = false;
  #endWait: (() => void) | undefined;

  /** Sets the length of the next `wait`. @param attempt 0 for the first attempt after a connection was lost. */
  plan(attempt: number): void {
    const maxMs = this.#hurries > 0 ? MAX_IN_HURRY_MS : MAX_MS;
    this.#plannedMs = attempt === 0 ? 0 : Math.random() * Math.min(maxMs, FIRST_MS * 2 ** attempt);
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
}
