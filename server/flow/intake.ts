import { moveToEnd } from './roundRobin.ts';

/** A socket that can wait. */
export type Source = {
  /** Whose turn its messages take: a user, or all strangers at an address. */
  person: string;
  pause: () => void;
  resume: () => void;
};

/** Handles a part of a frame: one of its messages. @returns true if there is more. */
export type Step = () => unknown;

/** Steps of one socket, and of all sockets, that run as their frames arrive, in one turn of the event loop. */
const AT_ONCE = 16;
const AT_ONCE_IN_ALL = 64;
/** Steps that have waited, in one turn of the event loop. */
const WAITING = 64;
/** Both end earlier if they have taken this long. */
const SLICE_MS = 4;

/**
 * Shares the main thread between people. A message costs some 50 µs also if its call is refused, and a frame can hold more
 * than a thousand of them. So a socket with many messages hands on a few in each turn of the event loop, and is not read
 * meanwhile. The others are handled as they arrive. Those that wait take turns: first the people, then the sockets of each.
 */
export class Intake {
  /** How many steps of each socket, and of all, ran as they arrived in this turn. */
  readonly #handled = new Map<Source, number>();
  #handledInAll = 0;
  /** The frames that wait. People and sockets stand in the order of their turns. */
  readonly #people = new Map<string, Map<Source, Step[]>>();
  /** Under whose name a socket waits. It may say who it is meanwhile, and its frames keep their order. */
  readonly #names = new Map<Source, string>();
  #isNewTurn = true;
  #turnBegan = 0;
  #planned = 0;
  #sliceEnd = 0;

  /** Handles a frame now, or in later turns. The frames of a socket keep their order. */
  add(source: Source, step: Step): void {
    if (this.#isNewTurn) this.#beginTurn();
    if (this.#names.has(source)) this.#wait(source, step);
    else if (this.#runAtOnce(source, step)) {
      source.pause();
      this.#wait(source, step);
    }
  }

  /** Handles a request that came without a socket, now or in a later turn. */
  addRequest(person: string, handle: () => void): void {
    this.add({ person, pause: ignore, resume: ignore }, handle);
  }

  /** Waits for the turn of a call of such a request. */
  turn(person: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.addRequest(person, resolve);
    return promise;
  }

  /** Forgets the frames of a socket that is gone. */
  remove(source: Source): void {
    const person = this.#names.get(source);
    if (person === undefined) return;
    this.#names.delete(source);
    const sources = this.#people.get(person);
    sources?.delete(source);
    if (sources?.size === 0) this.#people.delete(person);
  }

  /** @returns whether the frame has more steps than may run now. */
  #runAtOnce(source: Source, step: Step): boolean {
    let handled = this.#handled.get(source) ?? 0;
    let hasMore = true;
    while (hasMore && handled < AT_ONCE && this.#mayRunAtOnce()) {
      handled += 1;
      this.#handledInAll += 1;
      this.#handled.set(source, handled);
      hasMore = step() === true;
    }
    return hasMore;
  }

  #mayRunAtOnce(): boolean {
    return this.#handledInAll < AT_ONCE_IN_ALL && performance.now() < this.#turnBegan + SLICE_MS;
  }

  #wait(source: Source, step: Step): void {
    const person = this.#names.get(source) ?? source.person;
    this.#names.set(source, person);
    const sources = this.#people.get(person) ?? new Map<Source, Step[]>();
    this.#people.set(person, sources);
    const steps = sources.get(source);
    if (steps) steps.push(step);
    else sources.set(source, [step]);
    this.#plan();
  }

  #beginTurn(): void {
    this.#isNewTurn = false;
    this.#turnBegan = performance.now();
    setImmediate(() => {
      this.#isNewTurn = true;
      this.#handled.clear();
      this.#handledInAll = 0;
    });
  }

  /** Each step gets an immediate of its own, because most of its work runs in promises: Node runs them before the next one. */
  #plan(): void {
    if (this.#planned > 0) return;
    this.#sliceEnd = 0;
    for (; this.#planned < WAITING; this.#planned += 1) setImmediate(this.#onPlanned);
  }

  readonly #onPlanned = (): void => {
    this.#planned -= 1;
    if (this.#sliceEnd === 0) this.#sliceEnd = performance.now() + SLICE_MS;
    if (performance.now() < this.#sliceEnd) this.#runNext();
    if (this.#planned === 0 && this.#people.size > 0) this.#plan();
  };

  #runNext(): void {
    const [first] = this.#people;
    if (!first) return;
    const [person, sources] = first;
    const [entry] = sources;
    if (!entry) return;
    const [source, steps] = entry;
    moveToEnd(sources, source, steps);
    moveToEnd(this.#people, person, sources);
    if (steps[0]?.() !== true) steps.shift();
    if (steps.length > 0 || this.#names.get(source) !== person) return;
    this.remove(source);
    source.resume();
  }
}

function ignore(): void {}
