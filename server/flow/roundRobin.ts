/**
 * A queue that takes its keys in turn. The items of one key leave in the order in which they came. A key without items
 * takes no memory.
 */
export class RoundRobin<Key, Item extends object> {
  /** The items of each key. The keys stand in the order of their turns. */
  readonly #lines = new Map<Key, Item[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(key: Key): boolean {
    return this.#lines.has(key);
  }

  add(key: Key, item: Item): void {
    const line = this.#lines.get(key);
    if (line) line.push(item);
    else this.#lines.set(key, [item]);
    this.#size += 1;
  }

  /** The item that `take` removes; undefined if there is none. */
  get next(): Item | undefined {
    for (const [item] of this.#lines.values()) return item;
    return undefined;
  }

  /** Removes the next item. Its key goes to the end of the round. @returns its key. */
  take(): Key | undefined {
    for (const [key, line] of this.#lines) {
      line.shift();
      this.#size -= 1;
      this.#lines.delete(key);
      if (line.length > 0) this.#lines.set(key, line);
      return key;
    }
    return undefined;
  }

  /** Removes all items of a key. */
  drop(key: Key): void {
    this.#size -= this.#lines.get(key)?.length ?? 0;
    this.#lines.delete(key);
  }
}

/** Lets all others of a map come first: a map keeps its order of insertion. */
export function moveToEnd<K, V>(map: Map<K, V>, key: K, value: V): void {
  map.delete(key);
  map.set(key, value);
}
