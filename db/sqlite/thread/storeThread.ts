import { Worker } from 'node:worker_threads';
import { storeUnavailable } from '../../storeUnavailable.ts';
import { type Answer, type Call, receiveError } from './protocol.ts';

/** Rows are short-lived: in the usual 48 MB they would lie about for minutes. */
const YOUNG_MB = 8;

/** A thread that has databases open. It keeps the process alive only while somebody holds it. */
export class StoreThread {
  hasEnded = false;
  readonly #worker: Worker;
  readonly #asked = new Map<number, PromiseWithResolvers<unknown>>();
  #holders = 0;
  #id = 0;

  constructor() {
    // What was given to the process itself, a profiler or a probe, is not for this thread.
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), {
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    this.#worker.unref();
    this.#worker.on('message', (answer: Answer) => this.#settle(answer));
    let why: unknown;
    this.#worker.on('error', (error) => {
      why = error;
    });
    this.#worker.on('exit', () => this.#end(why));
  }

  hold(): void {
    if (this.#holders === 0) this.#worker.ref();
    this.#holders += 1;
  }

  release(): void {
    this.#holders -= 1;
    if (this.#holders === 0) this.#worker.unref();
  }

  /** @throws what the call throws there; AppError `store_unavailable` (retryable) if the thread ends meanwhile. */
  ask(call: Omit<Call, 'id'>): Promise<unknown> {
    if (this.hasEnded) return Promise.reject(storeUnavailable());
    const id = ++this.#id;
    const asked = Promise.withResolvers<unknown>();
    // What cannot be sent throws, and nobody waits for its answer.
    this.#worker.postMessage({ ...call, id } satisfies Call);
    this.#asked.set(id, asked);
    return asked.promise;
  }

  #settle(answer: Answer): void {
    const asked = this.#asked.get(answer.id);
    this.#asked.delete(answer.id);
    if ('failure' in answer) asked?.reject(receiveError(answer.failure));
    else asked?.resolve(answer.value);
  }

  #end(why: unknown): void {
    this.hasEnded = true;
    for (const { reject } of this.#asked.values()) reject(storeUnavailable(why));
    this.#asked.clear();
  }
}
