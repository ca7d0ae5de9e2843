import { setMaxListeners } from 'node:events';
import { type AppError, busy, callerGone, tooManyCalls } from '../../contract/errors.ts';
import { moveToEnd } from './roundRobin.ts';
import { type Bounds, type Caller, Tally } from './tally.ts';

export type FairQueueOptions = {
  /** How many tasks run at a time. */
  running: Bounds;
  /** How many tasks wait. Nobodies are bounded by their address only: a whole school may enter at once. */
  waiting: Bounds;
  /** A task that has waited for this long is refused. */
  waitMs: number;
  /** Whether a task of the caller may start now, within the bounds. Call `wake` when this changes. */
  mayStart?: (caller: Caller) => boolean;
};

type Job = { caller: Caller; deadline: number; start: () => void; drop: (reason: AppError) => void };

/** The waiting jobs of each person at one address, in the order of their coming. */
type Lines = Map<string | null, Set<Job>>;

/**
 * Runs tasks, few at a time, and takes people in turn: first the addresses, then the people at an address. Somebody with
 * a thousand tasks delays the others by the tasks that run already, and a laptop with a hundred identities counts as one
 * address. The tasks of one person start in the order in which they came.
 *
 * No task waits that could run. So a task of a quiet queue starts in the same tick, and costs two counters.
 */
export class FairQueue {
  readonly #options: FairQueueOptions;
  readonly #running = new Tally();
  readonly #waiting = new Tally();
  /** The waiting jobs. Addresses and people stand in the order of their turns. */
  readonly #addresses = new Map<string, Lines>();
  /** The waiting jobs, in the order of their deadlines. */
  readonly #jobs = new Set<Job>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: FairQueueOptions) {
    this.#options = options;
  }

  /** How many tasks run and wait. */
  get size(): { running: number; waiting: number } {
    return { running: this.#running.total, waiting: this.#waiting.total };
  }

  /**
   * Runs a task when it is the caller's turn.
   * @param gone aborts when nobody waits for the result any more. Then a task that has not started is dropped.
   * @throws AppError retryable, without running the task: TOO_MANY_REQUESTS `too_many_calls` if too many tasks of this
   *   caller wait, SERVICE_UNAVAILABLE `busy` after `waitMs` or if too many tasks wait in all, `caller_gone` after an abort.
   */
  run<T>(caller: Caller, gone: AbortSignal | undefined, task: () => Promise<T>): Promise<T> {
    if (gone?.aborted) return Promise.reject(callerGone());
    if (this.#mayStart(caller)) return this.#start(caller, task);
    if (!this.#waiting.hasRoom(caller, this.#options.waiting)) return Promise.reject(this.#refusal());
    return this.#wait(caller, gone, task);
  }

  /** Starts tasks that wait and may start now. */
  wake(): void {
    if (this.#jobs.size > 0) this.#startWaiting();
  }

  #mayStart(caller: Caller): boolean {
    const { running, mayStart } = this.#options;
    return this.#running.hasRoom(caller, running) && (mayStart?.(caller) ?? true);
  }

  async #start<T>(caller: Caller, task: () => Promise<T>): Promise<T> {
    this.#running.add(caller, 1);
    try {
      return await task();
    } finally {
      this.#running.add(caller, -1);
      this.#startWaiting();
    }
  }

  #wait<T>(caller: Caller, gone: AbortSignal | undefined, task: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const onGone = () => job.drop(callerGone());
    const leave = () => {
      gone?.removeEventListener('abort', onGone);
      this.#remove(job);
    };
    const job: Job = {
      caller,
      deadline: performance.now() + this.#options.waitMs,
      start: () => {
        leave();
        resolve(this.#start(caller, task));
      },
      drop: (reason) => {
        leave();
        reject(reason);
      },
    };
    // Many calls of one socket wait with the same signal. Node takes more than ten listeners for a leak.
    if (gone) setMaxListeners(0, gone);
    gone?.addEventListener('abort', onGone);
    this.#add(job);
    return promise;
  }

  #startWaiting(): void {
    while (this.#running.total < this.#options.running.total) {
      const job = this.#next();
      if (!job) return;
      job.start();
    }
  }

  /** The next job that may run. Its address and its person go to the end of their rounds. */
  #next(): Job | undefined {
    for (const [address, lines] of this.#addresses) {
      if (this.#running.at(address) >= this.#options.running.perAddress) continue;
      for (const [userId, line] of lines) {
        const [job] = line;
        if (!job || !this.#mayStart(job.caller)) continue;
        moveToEnd(lines, userId, line);
        moveToEnd(this.#addresses, address, lines);
        return job;
      }
    }
    return undefined;
  }

  #add(job: Job): void {
    const { address, userId } = job.caller;
    const lines: Lines = this.#addresses.get(address) ?? new Map();
    const line = lines.get(userId) ?? new Set();
    this.#addresses.set(address, lines.set(userId, line.add(job)));
    this.#waiting.add(job.caller, 1);
    this.#jobs.add(job);
    this.#timer ??= this.#refuseAt(job.deadline);
  }

  #remove(job: Job): void {
    const { address, userId } = job.caller;
    const lines = this.#addresses.get(address);
    const line = lines?.get(userId);
    line?.delete(job);
    if (line?.size === 0) lines?.delete(userId);
    if (lines?.size === 0) this.#addresses.delete(address);
    this.#waiting.add(job.caller, -1);
    this.#jobs.delete(job);
  }

  #refuseAt(deadline: number): NodeJS.Timeout {
    return setTimeout(() => this.#refuseLate(), Math.max(1, deadline - performance.now())).unref();
  }

  #refuseLate(): void {
    this.#timer = undefined;
    for (const job of this.#jobs) {
      if (job.deadline > performance.now()) {
        this.#timer = this.#refuseAt(job.deadline);
        return;
      }
      job.drop(busy());
    }
  }

  #refusal(): AppError {
    return this.#waiting.total >= this.#options.waiting.total ? busy() : tooManyCalls();
  }
}
