const FIRST_MS = 500;
const MOST_MS = 10_000;
const MOST_IN_A_HURRY_MS = 1_000;

/**
 * How long to wait before the next attempt to connect: the first is made at once, later ones after a random part of a
 * doubling time, so that the clients of a server that was restarted do not come back all in the same moment.
 */
export class Backoff {
  #plannedMs = 0;
  #hurries = 0;
  #end: (() => void) | undefined;

  /** @param attempt 0 for the first one after a connection was lost. */
  plan(attempt: number): void {
    const most = this.#hurries > 0 ? MOST_IN_A_HURRY_MS : MOST_MS;
    this.#plannedMs = attempt === 0 ? 0 : Math.random() * Math.min(most, FIRST_MS * 2 ** attempt);
  }

  /** From now on something is lost with every second: waits are short. @returns what ends the hurry. */
  hurry(): () => void {
    this.#hurries += 1;
    this.cut();
    return () => {
      this.#hurries -= 1;
    };
  }

  async wait(): Promise<void> {
    const ms = this.#plannedMs;
    this.#plannedMs = 0;
    if (ms === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#end = resolve;
    await promise;
    clearTimeout(timer);
    this.#end = undefined;
  }

  /** Ends the wait, if there is one. */
  cut(): void {
    this.#end?.();
  }
}
