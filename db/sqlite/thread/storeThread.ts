import { Worker } from 'node:worker_threads';
import { storeUnavailable } from '../../storeUnavailable.ts';
import { type Answer, type Call, deserializeError } from './protocol.ts';

/** Rows are short-lived. In the default young generation of 48 MB they would stay for minutes. */
const YOUNG_MB = 8;

/**
 * How many calls besides commits the thread has at a time: one that runs, and one that it starts with as soon as the
 * first is done. The others wait here, because nothing can overtake a call in the thread's own queue. Commits do not
 * wait for them.
 */
const CALLS_AT_ONCE = 2;

type Pending = { call: Call; result: PromiseWithResolvers<unknown> };

/** A worker thread with open databases. It keeps the process alive only while a database holds it. */
export class StoreThread {
  hasEnded = false;
  readonly #worker: Worker;
  /** The calls in the thread, by id. */
  readonly #pending = new Map<number, Pending>();
  /** The calls that wait for a place in the thread, in the order of their coming. */
  readonly #waiting = new Set<Pending>();
  /** How many calls besides commits are in the thread. */
  #calls = 0;
  #holders = 0;
  #id = 0;

  constructor() {
    // The process's own options, such as a profiler's, are not for this thread.
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), {
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    this.#worker.unref();
    this.#worker.on('message', (answer: Answer) => this.#settle(answer));
    let failure: unknown;
    this.#worker.on('error', (error) => {
      failure = error;
    });
    this.#worker.on('exit', () => this.#end(failure));
  }

  /** Keeps the process alive until `release`. */
  hold(): void {
    if (this.#holders === 0) this.#worker.ref();
    this.#holders += 1;
  }

  release(): void {
    this.#holders -= 1;
    if (this.#holders === 0) this.#worker.unref();
  }

  /**
   * Runs a call in the thread. A commit overtakes the other calls that wait; they run in the order of their coming.
   * @throws the error of the call; AppError `store_unavailable` (retryable) if the thread ends before the answer.
   */
  call(call: Omit<Call, 'id'>): Promise<unknown> {
    if (this.hasEnded) return Promise.reject(storeUnavailable());
    const pending = { call: { ...call, id: ++this.#id }, result: Promise.withResolvers<unknown>() };
    if (isCommit(pending)) {
      this.#post(pending);
    } else {
      this.#waiting.add(pending);
      this.#postWaiting();
    }
    return pending.result.promise;
  }

  #postWaiting(): void {
    for (const pending of this.#waiting) {
      if (this.#calls >= CALLS_AT_ONCE) return;
      this.#waiting.delete(pending);
      this.#calls += 1;
      this.#post(pending);
    }
  }

  #post(pending: Pending): void {
    this.#pending.set(pending.call.id, pending);
    try {
      this.#worker.postMessage(pending.call);
    } catch (error) {
      // The arguments cannot be cloned, so no answer will come.
      this.#take(pending.call.id)?.result.reject(error);
    }
  }

  #settle(answer: Answer): void {
    const pending = this.#take(answer.id);
    if ('failure' in answer) pending?.result.reject(deserializeError(answer.failure));
    else pending?.result.resolve(answer.value);
    this.#postWaiting();
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (pending && !isCommit(pending)) this.#calls -= 1;
    return pending;
  }

  #end(failure: unknown): void {
    this.hasEnded = true;
    for (const { result } of [...this.#pending.values(), ...this.#waiting]) {
      result.reject(storeUnavailable(failure));
    }
    this.#pending.clear();
    this.#waiting.clear();
  }
}

function isCommit({ call }: Pending): boolean {
  return call.method === 'commitChanges';
}
