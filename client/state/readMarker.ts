import { type Accessor, onCleanup } from 'solid-js';
import type { Message, Room } from '../../contract/types.ts';
import { PARTING } from '../sdk/client.ts';
import { describeFailure } from '../sdk/errors.ts';
import type { Connected } from './connected.ts';

export type ReadMarkerOptions = {
  /** The seq up to which the server knows the messages to be read. */
  at: number;
  /** Moves the marker on the server. Must settle. */
  mark: (seq: number) => Promise<unknown>;
  /** The same in a call that is sent at once and survives the page. */
  markAtOnce: (seq: number) => Promise<unknown>;
  /** The marker moves at most this often, however fast people write. */
  paceMs: () => number;
  /** Whether the same call can succeed later. */
  isRetryable: (error: unknown) => boolean;
};

const PACE_MS = 400;
/**
 * How much later a marker moves for each person in the room, at most. Everybody gets the marker of everybody, so a crowd
 * that reads a message at the same moment would send itself a million events.
 */
const PACE_PER_PERSON_MS = 50;
const RETRY_MS = 5_000;
const TIMEOUT_MS = 10_000;

/** How far a person has read a room. It only moves forwards. The server is told until it has acknowledged it. */
export class ReadMarker {
  readonly #options: ReadMarkerOptions;
  #known: number;
  #seen: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #calling = false;
  #closed = false;

  constructor(options: ReadMarkerOptions) {
    this.#options = options;
    this.#known = options.at;
    this.#seen = options.at;
  }

  /** The seq of the last message that was seen, here or in another window. */
  get seq(): number {
    return Math.max(this.#seen, this.#known);
  }

  /** The message was on the screen. */
  see(seq: number): void {
    if (seq <= this.seq) return;
    this.#seen = seq;
    this.#markIn(this.#options.paceMs());
  }

  /** The server knows the message to be read: from another window, or because the person wrote it. */
  know(seq: number): void {
    this.#known = Math.max(this.#known, seq);
  }

  /** Ends the pause after a failure, e.g. because the connection is back. */
  retryNow(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#markIn(0);
  }

  /** Tells the server at once what was seen last, because the page may go. */
  flush(): void {
    if (!this.#isBehind()) return;
    const seen = this.#seen;
    this.#options.markAtOnce(seen).then(
      () => this.know(seen),
      () => {},
    );
  }

  /** Tells the server what was seen last. Nothing is repeated after that. */
  close(): void {
    clearTimeout(this.#timer);
    this.#closed = true;
    if (this.#isBehind()) this.#options.mark(this.#seen).catch(() => {});
  }

  #isBehind(): boolean {
    return this.#seen > this.#known;
  }

  #markIn(ms: number): void {
    if (this.#closed || this.#calling || this.#timer !== undefined || !this.#isBehind()) return;
    this.#timer = setTimeout(() => void this.#mark(), ms);
  }

  async #mark(): Promise<void> {
    this.#timer = undefined;
    const seen = this.#seen;
    let pauseMs = this.#options.paceMs();
    this.#calling = true;
    try {
      if (this.#isBehind()) await this.#options.mark(seen);
      this.know(seen);
    } catch (error) {
      pauseMs = RETRY_MS;
      // A refusal stays one, e.g. after the person has left. The next message asks again.
      if (!this.#options.isRetryable(error) && this.#seen === seen) this.#seen = this.#known;
    }
    this.#calling = false;
    this.#markIn(pauseMs);
  }
}

type MarkOptions = { signal: AbortSignal } | typeof PARTING;

type ReadingParts = {
  room: Accessor<Room>;
  change: (changes: Partial<Room>) => void;
  onlineCount: Accessor<number>;
};

/** How far the person has read the room, and so how many messages are unread. */
export function createReading({ trpc, user, rooms }: Connected, { room, change, onlineCount }: ReadingParts) {
  const roomId = room().id;
  const unreadOf = (newest: number) => Math.max(0, newest - marker.seq);
  const mark = async (seq: number, options: MarkOptions) => {
    await trpc.messages.markRead.mutate({ roomId, seq }, options);
    rooms.read(roomId, seq);
  };
  const marker = new ReadMarker({
    at: knownSeq(room()),
    paceMs: () => PACE_MS + Math.random() * PACE_PER_PERSON_MS * onlineCount(),
    mark: (seq) => mark(seq, { signal: AbortSignal.timeout(TIMEOUT_MS) }),
    markAtOnce: (seq) => mark(seq, PARTING),
    isRetryable: (error) => describeFailure(error).retryable,
  });
  onCleanup(() => marker.close());
  onLeavingPage(() => marker.flush());
  const count = (newest: number) => {
    const unread = unreadOf(newest);
    if (newest !== room().lastSeq || unread !== room().unread) change({ lastSeq: newest, unread });
  };
  return {
    see(seq: number) {
      marker.see(seq);
      count(room().lastSeq);
    },
    know(seq: number) {
      marker.know(seq);
      count(room().lastSeq);
    },
    /** Who writes in a room has read it. */
    receive(messages: Message[]) {
      const own = messages.findLast(({ author }) => author.id === user.id);
      if (own) marker.know(own.seq);
      count(Math.max(room().lastSeq, messages.at(-1)?.seq ?? 0));
    },
    /** After a reconnect: the person may have read on in another window. */
    resume(fresh: Room) {
      marker.know(knownSeq(fresh));
      marker.retryNow();
      count(fresh.lastSeq);
    },
  };
}

/** A page that is hidden may be ended without another event, and one that is left may stay visible until its end. */
function onLeavingPage(listener: () => void): void {
  const abort = new AbortController();
  const { signal } = abort;
  document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && listener(), {
    signal,
  });
  window.addEventListener('pagehide', listener, { signal });
  onCleanup(() => abort.abort());
}

/** The seq of the last message that the person has read, as the server knows it. */
function knownSeq({ lastSeq, unread }: Room): number {
  return lastSeq - (unread ?? 0);
}
