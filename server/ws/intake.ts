import { RoundRobin } from '../flow/roundRobin.ts';

/** A socket that can wait. */
export type Source = { pause: () => void; resume: () => void };

type Message = { handle: () => void };

/** Messages of one socket that are handled as they arrive, in one turn of the event loop. */
const AT_ONCE = 16;
/** Messages that have waited, of all sockets, in one turn. */
const WAITING = 64;

/**
 * Shares the main thread between sockets. A message costs some 50 µs also if its call is refused, and a frame can hold
 * more than a thousand of them. So a socket with many messages hands on a few in each turn of the event loop, and is not
 * read meanwhile. All others are handled as they arrive.
 */
export class Intake {
  /** How many messages of each socket were handled in this turn. */
  readonly #handled = new Map<Source, number>();
  readonly #waiting = new RoundRobin<Source, Message>();
  #nextTurn: NodeJS.Immediate | undefined;

  /** Handles a message now, or in a later turn. The messages of a socket keep their order. */
  add(source: Source, handle: () => void): void {
    this.#nextTurn ??= setImmediate(this.#turn);
    const handled = this.#handled.get(source) ?? 0;
    if (handled < AT_ONCE && !this.#waiting.has(source)) {
      this.#handled.set(source, handled + 1);
      handle();
      return;
    }
    if (!this.#waiting.has(source)) source.pause();
    this.#waiting.add(source, { handle });
  }

  /** Forgets the messages of a socket that is gone. */
  remove(source: Source): void {
    this.#waiting.drop(source);
  }

  readonly #turn = (): void => {
    this.#handled.clear();
    for (let i = 0; i < WAITING; i += 1) {
      const message = this.#waiting.next;
      const source = message && this.#waiting.take();
      if (!message || !source) break;
      message.handle();
      if (!this.#waiting.has(source)) source.resume();
    }
    this.#nextTurn = this.#waiting.size > 0 ? setImmediate(this.#turn) : undefined;
  };
}
