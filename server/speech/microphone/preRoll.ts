/** A ring buffer that keeps the newest bytes, up to its capacity. */
export class PreRoll {
  readonly #ring: Uint8Array;
  #end = 0;
  #length = 0;

  constructor(capacityBytes: number) {
    this.#ring = new Uint8Array(capacityBytes);
  }

  /** Copies the bytes into the buffer, over the oldest ones. */
  write(bytes: Uint8Array): void {
    const { length: capacity } = this.#ring;
    const newest = bytes.subarray(Math.max(0, bytes.length - capacity));
    const upToWrap = newest.subarray(0, capacity - this.#end);
    this.#ring.set(upToWrap, this.#end);
    this.#ring.set(newest.subarray(upToWrap.length));
    this.#end = (this.#end + newest.length) % capacity;
    this.#length = Math.min(capacity, this.#length + newest.length);
  }

  /** Empties the buffer. @returns a copy of its bytes, oldest first. */
  drain(): Uint8Array {
    const drained = new Uint8Array(this.#length);
    const start = this.#end - this.#length;
    const beforeWrap = start < 0 ? this.#ring.subarray(start + this.#ring.length) : this.#ring.subarray(0, 0);
    drained.set(beforeWrap);
    drained.set(this.#ring.subarray(Math.max(0, start), this.#end), beforeWrap.length);
    this.#length = 0;
    return drained;
  }
}
