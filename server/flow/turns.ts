/** Work done a piece at a time. @returns whether there is more of it. */
export type Turn = () => boolean;

/** How long turns are taken before sockets and timers are looked at again. */
const SPELL_MS = 4;

/**
 * Shares the thread between rooms: everybody who has something to do takes a short turn after the other, and between
 * spells of a few milliseconds calls are read, pings are sent and acks go out. So a busy room delays nobody by more
 * than a turn, and under load what has come up since a room's last turn goes out together in its next.
 */
export class Turns {
  readonly #waiting = new Set<Turn>();
  #planned: NodeJS.Immediate | undefined;

  /** Waits for a turn; asking again while waiting changes nothing. */
  ask(turn: Turn): void {
    this.#waiting.add(turn);
    this.#planned ??= setImmediate(this.#spell);
  }

  /** Resolves when nobody waits for a turn any more, or after so long: there may always be somebody. */
  async rested(withinMs: number): Promise<void> {
    const until = performance.now() + withinMs;
    while (this.#waiting.size > 0 && performance.now() < until) await new Promise(setImmediate);
  }

  readonly #spell = (): void => {
    const until = performance.now() + SPELL_MS;
    // Who is put back stands at the end of the set, and is met again in this same loop.
    for (const turn of this.#waiting) {
      this.#waiting.delete(turn);
      if (turn()) this.#waiting.add(turn);
      if (performance.now() >= until) break;
    }
    this.#planned = this.#waiting.size > 0 ? setImmediate(this.#spell) : undefined;
  };
}
