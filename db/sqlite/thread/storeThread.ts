import { Worker } from 'node:worker_threads';
import { storeUnavailable } from '../../storeUnavailable.ts';
import { type Answer, type Call, deserializeError } from './protocol.ts';

/** Rows are short-lived. In the default young generation of 48 MB they would stay for minutes. */
const YOUNG_MB = 8;

/** A worker thread with open databases. It keeps the process alive only while a database holds it. */
export class StoreThread {
  hasEnded = false;
  readonly #worker: Worker;
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>();
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
   * Runs a call in the thread.
   * @throws the error of the call; AppError `store_unavailable` (retryable) if the thread ends before the answer.
   */
  call(call: Omit<Call, 'id'>): Promise<unknown> {
    if (this.hasEnded) return Promise.reject(storeUnavailable());
    const id = ++this.#id;
    const pending = Promise.withResolvers<unknown>();
    // First the message: if it cannot be cloned, this throws, and no answer is pending.
    this.#worker.postMessage({ ...call, id } satisfies Call);
    this.#pending.set(id, pending);
    return pending.promise;
  }

  #settle(answer: Answer): void {
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if ('failure' in answer) pending?.reject(deserializeError(answer.failure));
    else pending?.resolve(answer.value);
  }

  #end(failure: unknown): void {
    this.hasEnded = true;
    for (const { reject } of this.#pending.values()) reject(storeUnavailable(failure));
    this.#pending.clear();
  }
}
