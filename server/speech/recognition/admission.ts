import type { SpeechEngine } from '../../transcriber/transcriber.ts';

/** Limits how many calls of each engine run at a time, and how fast they start. */
export type Admission = {
  /**
   * Resolves when a new engine call may start, with the function that releases its slot. Only the first call of that
   * function counts.
   * @throws the signal's reason when it aborts, and nothing else.
   */
  acquire: (options: AcquireOptions) => Promise<() => void>;
  /** The engine refused a call because too many run: admits fewer for a while. */
  throttle: (engine: SpeechEngine) => void;
};

export type AcquireOptions = {
  /** The engine that is going to be called. */
  engine: SpeechEngine;
  signal: AbortSignal;
  /** Whether the segment had an engine call before. It goes before new segments. */
  isResuming: boolean;
  /** Called with the place in the queue, 1 for the next, whenever the place changes. */
  onPlace: (place: number) => void;
};
type Waiter = Omit<AcquireOptions, 'engine'> & {
  admit: (release: () => void) => void;
  reportedPlace: number;
};

export type AdmissionOptions = {
  /** Engine calls at a time. */
  maxCalls: number;
  /** Some services refuse calls when many start at once. Left out: calls start as soon as there is a place. */
  startsPerSecond?: number | undefined;
  /** Called with the length of the queue. */
  onQueue?: (waiting: number) => void;
};

/** After a refusal no call starts for this long. The next refusal doubles the pause. */
const REFUSAL_PAUSE_MS = 1_000;
const MAX_REFUSAL_PAUSE_MS = 30_000;
/** Without a refusal for this long, one call more is admitted. */
const GROW_MS = 10_000;
/** A refusal comes within this time. If none has come this long after a pause, the next pause is short again. */
const TRIED_MS = 5_000;
/** A shorter wait for the start is not shown as a place. */
const SHOWN_WAIT_MS = 1_000;

/**
 * The queue for the calls of one engine. First come, first served. The queue is in memory, and a waiter leaves it when
 * its signal aborts.
 */
export class AdmissionQueue {
  readonly #maxCalls: number;
  readonly #startIntervalMs: number;
  readonly #onQueue: (waiting: number) => void;
  #waiting: Waiter[] = [];
  #limit: number;
  #running = 0;
  #nextStartAt = 0;
  #pauseEndsAt = 0;
  #refusalPauseMs = REFUSAL_PAUSE_MS;
  #startTimer: NodeJS.Timeout | undefined;
  #growTimer: NodeJS.Timeout | undefined;

  constructor({
    maxCalls,
    startsPerSecond = Number.POSITIVE_INFINITY,
    onQueue = () => {},
  }: AdmissionOptions) {
    this.#maxCalls = maxCalls;
    this.#limit = maxCalls;
    this.#startIntervalMs = 1_000 / startsPerSecond;
    this.#onQueue = onQueue;
  }

  acquire(options: Omit<AcquireOptions, 'engine'>): Promise<() => void> {
    const { signal } = options;
    const { promise, resolve, reject } = Promise.withResolvers<() => void>();
    const onAbort = () => {
      this.#waiting = this.#waiting.filter((other) => other !== waiter);
      reject(signal.reason);
      this.#admitWaiting();
    };
    const waiter: Waiter = {
      ...options,
      reportedPlace: 0,
      admit(release) {
        signal.removeEventListener('abort', onAbort);
        resolve(release);
      },
    };
    if (signal.aborted) return Promise.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    this.#enqueue(waiter);
    this.#admitWaiting();
    return promise;
  }

  throttle(): void {
    // The caller still holds a slot and releases it right after this call.
    this.#limit = Math.max(1, Math.min(this.#limit, this.#running) - 1);
    this.#pauseEndsAt = performance.now() + this.#refusalPauseMs;
    this.#nextStartAt = this.#pauseEndsAt;
    this.#refusalPauseMs = Math.min(2 * this.#refusalPauseMs, MAX_REFUSAL_PAUSE_MS);
    this.#scheduleGrowth();
    this.#admitWaiting();
  }

  #enqueue(waiter: Waiter): void {
    const firstNew = waiter.isResuming ? this.#waiting.findIndex(({ isResuming }) => !isResuming) : -1;
    if (firstNew < 0) this.#waiting.push(waiter);
    else this.#waiting.splice(firstNew, 0, waiter);
  }

  /** Admits the waiters that may start now, and reports the places of the others. */
  #admitWaiting(): void {
    clearTimeout(this.#startTimer);
    this.#startTimer = undefined;
    while (this.#waiting.length > 0 && this.#running < this.#limit) {
      const waitMs = this.#nextStartAt - performance.now();
      if (waitMs > 0) {
        this.#startTimer = setTimeout(() => this.#admitWaiting(), waitMs);
        break;
      }
      this.#nextStartAt = performance.now() + this.#startIntervalMs;
      this.#running += 1;
      this.#waiting.shift()?.admit(this.#createRelease());
    }
    this.#reportPlaces();
  }

  /**
   * A waiter with a free slot waits only because calls start one after the other, or because of a refusal. That is shown
   * as a place if it takes long: nobody who waits is told that an engine listens.
   */
  #reportPlaces(): void {
    const freeSlots = this.#limit - this.#running;
    const pauseMs = this.#nextStartAt - performance.now();
    let queued = 0;
    for (const [i, waiter] of this.#waiting.entries()) {
      const isShort = i < freeSlots && pauseMs + i * this.#startIntervalMs <= SHOWN_WAIT_MS;
      if (isShort && waiter.reportedPlace === 0) continue;
      queued += 1;
      if (i + 1 === waiter.reportedPlace) continue;
      waiter.reportedPlace = i + 1;
      waiter.onPlace(i + 1);
    }
    this.#onQueue(queued);
  }

  #createRelease(): () => void {
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#running -= 1;
      this.#admitWaiting();
    };
  }

  #scheduleGrowth(): void {
    clearTimeout(this.#growTimer);
    this.#growTimer = setTimeout(() => {
      this.#limit = Math.min(this.#maxCalls, this.#limit + 1);
      // While no call may start, the absence of refusals says nothing: the next pause is to be longer still.
      const isTried = performance.now() >= this.#pauseEndsAt + TRIED_MS;
      if (isTried) this.#refusalPauseMs = REFUSAL_PAUSE_MS;
      if (!isTried || this.#limit < this.#maxCalls) this.#scheduleGrowth();
      this.#admitWaiting();
    }, GROW_MS).unref();
  }
}
