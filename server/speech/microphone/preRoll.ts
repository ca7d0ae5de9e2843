/** Keeps the newest bytes, as many as it holds. */
export class PreRoll {
  readonly #ring: Uint8Array;
  #end = 0;
  #length = 0;

  constructor(capacity: number) {
    this.#ring = new Uint8Array(capacity);
  }

  /** What is given is copied. */
  keep(bytes: Uint8Array): void {
    const { length: capacity } = this.#ring;
    const newest = bytes.subarray(Math.max(0, bytes.length - capacity));
    const fitting = newest.subarray(0, capacity - this.#end);
    this.#ring.set(fitting, this.#end);
    this.#ring.set(newest.subarray(fitting.length));
    this.#end = (this.#end + newest.length) % capacity;
    this.#length = Math.min(capacity, this.#length + newest.length);
  }

  /** All that is kept, oldest first. Keeps nothing then. */
  take(): Uint8Array {
    const kept = new Uint8Array(this.#length);
    const start = this.#end - this.#length;
    const older = start < 0 ? this.#ring.subarray(start + this.#ring.length) : this.#ring.subarray(0, 0);
    kept.set(older);
    kept.set(this.#ring.subarray(Math.max(0, start), this.#end), older.length);
    this.#length = 0;
    return kept;
  }
}
