/** Counts bytes that are held for somebody. A name without bytes takes no memory. */
export class BytesHeld {
  readonly #bytes = new Map<string, number>();

  of(name: string): number {
    return this.#bytes.get(name) ?? 0;
  }

  /** @param bytes negative when they are let go. */
  add(name: string, bytes: number): void {
    const next = this.of(name) + bytes;
    if (next === 0) this.#bytes.delete(name);
    else this.#bytes.set(name, next);
  }
}
