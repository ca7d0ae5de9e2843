/** Limits how many engine calls run at a time, and starts them one after the other. */
export type Admission = {
  /**
   * Resolves when a new engine call may start, with the function that releases its slot. Only the first call of that
   * function counts.
   * @throws the signal's reason when it aborts, and nothing else.
   */
  acquire: (options: AcquireOptions) => Promise<() => void>;
  /** The engine refused a call because too many run: admits fewer for a while. */
  throttle: () => void;
};

type AcquireOptions = {
  signal: AbortSignal;
  /** Whether the segment had an engine call before. It goes before new segments. */
  isResuming: boolean;
  /** Called with the place in the queue, 1 for the next, whenever the place changes. */
  onPlace: (place: number) => void;
};
type Waiter = AcquireOptions & { admit: (release: () => void) => void; reportedPlace: number };

export type AdmissionOptions = {
  /** Engine calls at a time. */
  maxCalls: number;
  /** Engines refuse calls when many start at once. */
  startsPerSecond?: number;
  /** Called with the length of the queue. */
  onQueue?: (waiting: number) => void;
};

/** After a refusal no call starts for this long. The next refusal doubles the pause. */
const REFUSAL_PAUSE_MS = 1_000;
const MAX_REFUSAL_PAUSE_MS = 30_000;
/** Without a refusal for this long, one call more is admitted. */
const GROW_MS = 10_000;

/** First come, first served. The queue is in memory, and a waiter leaves it when its signal aborts. */
export class AdmissionQueue implements Admission {
  readonly #maxCalls: number;
  readonly #startIntervalMs: number;
  readonly #onQueue: (waiting: number) => void;
  #waiting: Waiter[] = [];
  #limit: number;
  #running = 0;
  #nextStartAt = 0;
  #refusalPauseMs = REFUSAL_PAUSE_MS;
  #startTimer: NodeJS.Timeout | undefined;
  #growTimer: NodeJS.Timeout | undefined;

  constructor({ maxCalls, startsPerSecond = 10, onQueue = () => {} }: AdmissionOptions) {
    this.#maxCalls = maxCalls;
    this.#limit = maxCalls;
    this.#startIntervalMs = 1_000 / startsPerSecond;
    this.#onQueue = onQueue;
  }

  acquire(options: AcquireOptions): Promise<() => void> {
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
    this.#nextStartAt = performance.now() + this.#refusalPauseMs;
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

  /** A waiter with a free slot waits only because calls start one after the other: it has no place in the queue. */
  #reportPlaces(): void {
    const freeSlots = this.#limit - this.#running;
    for (const [i, waiter] of this.#waiting.entries()) {
      const place = i + 1 - freeSlots;
      if (place < 1 || place === waiter.reportedPlace) continue;
      waiter.reportedPlace = place;
      waiter.onPlace(place);
    }
    this.#onQueue(Math.max(0, this.#waiting.length - freeSlots));
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
      this.#refusalPauseMs = REFUSAL_PAUSE_MS;
      if (this.#limit < this.#maxCalls) this.#scheduleGrowth();
      this.#admitWaiting();
    }, GROW_MS).unref();
  }
}
