/** One small piece of work. @returns whether there is more to do. */
export type Task = () => boolean;

/** How long tasks run before Node handles its sockets and timers again. */
const SLICE_MS = 4;

/**
 * Shares the event loop between rooms. Tasks take turns: each runs one short piece, then the next task runs. Every few
 * milliseconds Node handles its sockets and timers, so that calls are read, pings are sent and acks go out. A busy room
 * therefore delays the others by one piece at most. Under load, the items of a room that have gathered since its last
 * piece go out together in the next one.
 */
export class Turns {
  readonly #waiting = new Set<Task>();
  #nextSlice: NodeJS.Immediate | undefined;

  /** Queues a task until it returns false. A task that is queued already is not queued twice. */
  schedule(task: Task): void {
    this.#waiting.add(task);
    this.#nextSlice ??= setImmediate(this.#runSlice);
  }

  /** Resolves when no task waits, or after `withinMs`: a busy server may always have a task. */
  async idle(withinMs: number): Promise<void> {
    const until = performance.now() + withinMs;
    while (this.#waiting.size > 0 && performance.now() < until) await new Promise(setImmediate);
  }

  readonly #runSlice = (): void => {
    const until = performance.now() + SLICE_MS;
    // A task that is added again goes to the end of the set. This same loop reaches it there.
    for (const task of this.#waiting) {
      this.#waiting.delete(task);
      if (task()) this.#waiting.add(task);
      if (performance.now() >= until) break;
    }
    this.#nextSlice = this.#waiting.size > 0 ? setImmediate(this.#runSlice) : undefined;
  };
}
