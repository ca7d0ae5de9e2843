export type TokenBucketOptions = {
  /** How many tokens a full bucket holds. */
  capacity: number;
  refillPerSecond: number;
};

/** At this many buckets, those that are full again are forgotten. */
const SWEEP_AT = 10_000;

/**
 * A token bucket for each key: a key may take `capacity` tokens at once, and then as many as come back. All times come
 * from `performance.now()`, which never jumps.
 */
export class TokenBuckets {
  readonly #options: TokenBucketOptions;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();
  #sweepAt = SWEEP_AT;

  constructor(options: TokenBucketOptions) {
    this.#options = options;
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Takes a token. @returns 0, or the milliseconds until the key has a token again. */
  take(key: string): number {
    const now = performance.now();
    const tokens = this.#tokensOf(key, now);
    if (tokens < 1) return Math.ceil(((1 - tokens) * 1_000) / this.#options.refillPerSecond);
    this.#buckets.set(key, { tokens: tokens - 1, at: now });
    if (this.#buckets.size >= this.#sweepAt) this.#sweep(now);
    return 0;
  }

  #tokensOf(key: string, now: number): number {
    const { capacity, refillPerSecond } = this.#options;
    const bucket = this.#buckets.get(key);
    if (!bucket) return capacity;
    return Math.min(capacity, bucket.tokens + ((now - bucket.at) * refillPerSecond) / 1_000);
  }

  #sweep(now: number): void {
    for (const key of this.#buckets.keys()) {
      if (this.#tokensOf(key, now) >= this.#options.capacity) this.#buckets.delete(key);
    }
    this.#sweepAt = Math.max(SWEEP_AT, 2 * this.#buckets.size);
  }
}
