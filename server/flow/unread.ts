import { BytesHeld } from './bytesHeld.ts';

/**
 * How many bytes of answers each person has asked for and not taken, over all sockets and connections. A person whose
 * clients leave too many unread gets no further answer made until some of them are taken.
 */
export class Unread {
  /** Runs when a person has taken answers. */
  onTaken: () => void = () => {};
  readonly #limit: number;
  readonly #held = new BytesHeld();

  /** @param limit in bytes. Above it, no further answer of the person is begun. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether the person leaves so much unread that no further answer may be begun. */
  isFull(person: string): boolean {
    return this.#held.of(person) > this.#limit;
  }

  /** The answer to one request of a person. */
  answerTo(person: string): Answer {
    return new Answer((bytes) => this.#count(person, bytes));
  }

  #count(person: string, bytes: number): void {
    this.#held.add(person, bytes);
    if (bytes < 0) this.onTaken();
  }
}

/**
 * An answer counts for at least as long as a line of 64 Mbit/s takes. To make one costs the main thread some milliseconds
 * for each megabyte, and a client on the same machine takes it at once.
 */
const BYTES_PER_MS = 8_000;

/** An answer, from the moment when its content is known until its client has taken it. */
export class Answer {
  readonly #count: (bytes: number) => void;
  #bytes = 0;
  #isTaken = false;
  #begunAt = 0;

  constructor(count: (bytes: number) => void) {
    this.#count = count;
  }

  /** Whether it has content already: the results of other calls in the same request. */
  get isBegun(): boolean {
    return this.#bytes > 0;
  }

  /** Counts the result of a call. */
  add(result: unknown): void {
    if (this.#isTaken) return;
    const bytes = jsonBytes(result);
    if (!this.isBegun) this.#begunAt = performance.now();
    this.#bytes += bytes;
    this.#count(bytes);
  }

  /** The client has taken the answer, or is gone. Calling it again does nothing. */
  taken(): void {
    if (this.#isTaken) return;
    this.#isTaken = true;
    if (this.#bytes === 0) return;
    const restMs = this.#begunAt + this.#bytes / BYTES_PER_MS - performance.now();
    if (restMs < 1) this.#count(-this.#bytes);
    else setTimeout(() => this.#count(-this.#bytes), restMs).unref();
  }
}

/** Quotes, a comma, a colon, braces; or null. */
const PUNCTUATION = 4;
const NUMBER = 16;

/** About how long a value is as JSON. Making the text only to measure it would cost more than the rest of the call. */
function jsonBytes(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value) + PUNCTUATION;
  if (typeof value === 'number') return NUMBER;
  if (typeof value !== 'object' || value === null) return PUNCTUATION;
  let bytes = PUNCTUATION;
  if (Array.isArray(value)) for (const item of value) bytes += jsonBytes(item);
  else for (const key in value) bytes += key.length + jsonBytes(value[key as keyof object]) + PUNCTUATION;
  return bytes;
}
