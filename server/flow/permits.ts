/** Limits how many places each holder has at a time. Others of the same holder wait in line, first come, first served. */
export class Permits<Holder> {
  readonly #limit: number;
  readonly #lines = new Map<Holder, { taken: number; waiting: (() => void)[] }>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many of this holder wait in line. */
  waiting(holder: Holder): number {
    return this.#lines.get(holder)?.waiting.length ?? 0;
  }

  /** Waits for a place. @returns a function that gives the place back; calling it again does nothing. */
  async take(holder: Holder): Promise<() => void> {
    const line = this.#lines.get(holder) ?? { taken: 0, waiting: [] };
    this.#lines.set(holder, line);
    if (line.taken < this.#limit) line.taken += 1;
    else await new Promise<void>((resolve) => line.waiting.push(resolve));
    let isHeld = true;
    return () => {
      if (isHeld) this.#giveBack(holder);
      isHeld = false;
    };
  }

  /** The place goes to the first in line. A holder without places takes no memory. */
  #giveBack(holder: Holder): void {
    const line = this.#lines.get(holder);
    if (!line) return;
    const next = line.waiting.shift();
    if (next) next();
    else line.taken -= 1;
    if (line.taken === 0) this.#lines.delete(holder);
  }
}
