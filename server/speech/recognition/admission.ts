/** Where calls of an engine wait for their turn: so many at a time, begun one after the other. */
export type Admission = {
  /**
   * Resolves when a new call may begin, with what gives its place back (once; more is the same).
   * @param again was being heard already, and goes before those who were not.
   * @param onPlace told while it waits, and whenever it changes: 1 is next.
   * @throws the signal's reason when it aborts, and nothing else.
   */
  take: (wish: Wish) => Promise<() => void>;
  /** The service says that there are too many: hands out fewer for a while. */
  refused: () => void;
};

type Wish = { signal: AbortSignal; again: boolean; onPlace: (place: number) => void };
type Waiter = Wish & { granted: (giveBack: () => void) => void; told: number };

export type AdmissionOptions = {
  /** Calls at a time. */
  most: number;
  /** Services refuse many that begin at once. */
  startsPerSecond?: number;
  onQueue?: (waiting: number) => void;
};

/** After a refusal nothing begins for this long; twice as long after the next one. */
const REFUSED_MS = 1_000;
const REFUSED_MAX_MS = 30_000;
/** Without a refusal for this long one more call is tried. */
const GROW_MS = 10_000;

/** First come, first served; all waiting is in memory and ends with its signal. */
export class AdmissionQueue implements Admission {
  readonly #most: number;
  readonly #gapMs: number;
  readonly #onQueue: (waiting: number) => void;
  #waiting: Waiter[] = [];
  #limit: number;
  #taken = 0;
  #notBefore = 0;
  #refusedMs = REFUSED_MS;
  #next: NodeJS.Timeout | undefined;
  #growth: NodeJS.Timeout | undefined;

  constructor({ most, startsPerSecond = 10, onQueue = () => {} }: AdmissionOptions) {
    this.#most = most;
    this.#limit = most;
    this.#gapMs = 1_000 / startsPerSecond;
    this.#onQueue = onQueue;
  }

  take(wish: Wish): Promise<() => void> {
    const { promise, resolve, reject } = Promise.withResolvers<() => void>();
    const onAbort = () => {
      this.#waiting = this.#waiting.filter((other) => other !== waiter);
      reject(wish.signal.reason);
      this.#changed();
    };
    const waiter: Waiter = {
      ...wish,
      told: 0,
      granted(giveBack) {
        wish.signal.removeEventListener('abort', onAbort);
        resolve(giveBack);
      },
    };
    if (wish.signal.aborted) return Promise.reject(wish.signal.reason);
    wish.signal.addEventListener('abort', onAbort, { once: true });
    this.#queue(waiter);
    this.#changed();
    return promise;
  }

  refused(): void {
    // Who tells it holds a place still, and is about to give it back.
    this.#limit = Math.max(1, Math.min(this.#limit, this.#taken) - 1);
    this.#notBefore = performance.now() + this.#refusedMs;
    this.#refusedMs = Math.min(2 * this.#refusedMs, REFUSED_MAX_MS);
    this.#growLater();
    this.#changed();
  }

  #queue(waiter: Waiter): void {
    const firstNew = waiter.again ? this.#waiting.findIndex(({ again }) => !again) : -1;
    if (firstNew < 0) this.#waiting.push(waiter);
    else this.#waiting.splice(firstNew, 0, waiter);
  }

  /** Lets in whoever may begin, and tells the others where they stand. */
  #changed(): void {
    clearTimeout(this.#next);
    this.#next = undefined;
    while (this.#waiting.length > 0 && this.#taken < this.#limit) {
      const waitMs = this.#notBefore - performance.now();
      if (waitMs > 0) {
        this.#next = setTimeout(() => this.#changed(), waitMs);
        break;
      }
      this.#notBefore = performance.now() + this.#gapMs;
      this.#taken += 1;
      this.#waiting.shift()?.granted(this.#giveBack());
    }
    this.#tellPlaces();
  }

  /** Who only waits because calls do not all begin at once is not in a queue. */
  #tellPlaces(): void {
    const free = this.#limit - this.#taken;
    for (const [i, waiter] of this.#waiting.entries()) {
      const place = i + 1 - free;
      if (place < 1 || place === waiter.told) continue;
      waiter.told = place;
      waiter.onPlace(place);
    }
    this.#onQueue(Math.max(0, this.#waiting.length - free));
  }

  #giveBack(): () => void {
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#taken -= 1;
      this.#changed();
    };
  }

  #growLater(): void {
    clearTimeout(this.#growth);
    this.#growth = setTimeout(() => {
      this.#limit = Math.min(this.#most, this.#limit + 1);
      this.#refusedMs = REFUSED_MS;
      if (this.#limit < this.#most) this.#growLater();
      this.#changed();
    }, GROW_MS).unref();
  }
}
