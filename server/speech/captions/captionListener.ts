import { AppError } from '../../../contract/errors.ts';
import type { CaptionEvent, UserRef } from '../../../contract/types.ts';
import { Channel } from '../../flow/channel.ts';
import type { Receiver } from '../../flow/fanout.ts';
import type { Outlet } from '../../flow/outlet.ts';

/** Utterances that wait for a reader who asks for them; one with more is given up. */
const UNREAD = 1_000;

/**
 * One listener's captions, from now on. Whoever reads more slowly than people speak is not told how each word came
 * about: of what waits for them only the newest of an utterance, or of a stream, is kept.
 *
 * With an outlet the captions go there, and `next` only waits for the end. The outlet is not written to until `next` is
 * asked for the first time.
 */
export class CaptionListener
  implements Receiver<CaptionEvent>, AsyncIterableIterator<CaptionEvent, void, void>
{
  readonly user: UserRef;
  readonly #outlet: Outlet<CaptionEvent> | undefined;
  /** What waits to be asked for, and how it ends. */
  readonly #waiting: Channel<CaptionEvent>;
  /** What waits for the outlet, by what it is about. */
  readonly #held = new Map<string, CaptionEvent>();
  #begun = false;
  #flushing = false;

  constructor(user: UserRef, outlet: Outlet<CaptionEvent> | undefined, onReturn: () => void) {
    this.user = user;
    this.#outlet = outlet;
    this.#waiting = new Channel(onReturn);
  }

  receive(events: readonly CaptionEvent[]): void {
    if (this.#waiting.closed) return;
    if (!this.#outlet) this.#queue(events);
    else if (this.#begun && !this.#outlet.isBusy && this.#held.size === 0) this.#outlet.write(events);
    else this.#hold(events, this.#outlet);
  }

  fail(error: Error): void {
    this.#waiting.fail(error);
  }

  async next(): Promise<IteratorResult<CaptionEvent, void>> {
    if (this.#outlet && !this.#begun) {
      this.#begun = true;
      void this.#flush(this.#outlet);
    }
    return this.#waiting.next();
  }

  async return(): Promise<IteratorResult<CaptionEvent, void>> {
    return this.#waiting.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #queue(events: readonly CaptionEvent[]): void {
    const subjects = new Set(events.map(subjectOf));
    this.#waiting.drop((outdated) => subjects.has(subjectOf(outdated)));
    for (const event of events) this.#waiting.push(event);
    if (this.#waiting.length > UNREAD) this.fail(tooSlow());
  }

  #hold(events: readonly CaptionEvent[], outlet: Outlet<CaptionEvent>): void {
    for (const event of events) {
      // Deleted first: a map keeps a key's first place, and this comes last.
      this.#held.delete(subjectOf(event));
      this.#held.set(subjectOf(event), event);
    }
    if (this.#begun) void this.#flush(outlet);
  }

  async #flush(outlet: Outlet<CaptionEvent>): Promise<void> {
    if (this.#flushing) return;
    this.#flushing = true;
    if (outlet.isBusy) await outlet.drained();
    this.#flushing = false;
    const events = [...this.#held.values()];
    this.#held.clear();
    if (events.length > 0 && !this.#waiting.closed) outlet.write(events);
  }
}

function tooSlow(): AppError {
  return new AppError('TOO_MANY_REQUESTS', 'too_slow', 'You read more slowly than people speak.', {
    retryable: true,
  });
}

function subjectOf(event: CaptionEvent): string {
  return event.type === 'stream' ? event.streamId : event.utterance.id;
}
