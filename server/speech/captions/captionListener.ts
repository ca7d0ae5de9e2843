import { AppError } from '../../../contract/errors.ts';
import type { CaptionEvent, UserRef } from '../../../contract/types.ts';
import { Channel } from '../../flow/channel.ts';
import type { Receiver } from '../../flow/fanout.ts';
import type { Outlet } from '../../flow/outlet.ts';

/** A listener with more unread events than this is cut off. */
const MAX_UNREAD = 1_000;

/**
 * The captions for one listener, from now on. For a slow reader, a newer event replaces an unread older one of the same
 * utterance or of the same stream.
 *
 * With an outlet, the captions go to the outlet, and `next` only waits for the end. Nothing is written to the outlet
 * before the first call of `next`.
 */
export class CaptionListener
  implements Receiver<CaptionEvent>, AsyncIterableIterator<CaptionEvent, void, void>
{
  readonly user: UserRef;
  readonly #outlet: Outlet<CaptionEvent> | undefined;
  /** Events that wait for `next`, and the end. */
  readonly #unread: Channel<CaptionEvent>;
  /** Events that wait for the outlet, by their subject. */
  readonly #unsent = new Map<string, CaptionEvent>();
  #isReading = false;
  #isFlushing = false;

  constructor(user: UserRef, outlet: Outlet<CaptionEvent> | undefined, onReturn: () => void) {
    this.user = user;
    this.#outlet = outlet;
    this.#unread = new Channel(onReturn);
  }

  receive(events: readonly CaptionEvent[]): void {
    if (this.#unread.closed) return;
    if (!this.#outlet) this.#replaceUnread(events);
    else if (this.#isReading && !this.#outlet.isBusy && this.#unsent.size === 0) this.#outlet.write(events);
    else this.#replaceUnsent(events, this.#outlet);
  }

  fail(error: Error): void {
    this.#unread.fail(error);
  }

  async next(): Promise<IteratorResult<CaptionEvent, void>> {
    if (this.#outlet && !this.#isReading) {
      this.#isReading = true;
      void this.#flush(this.#outlet);
    }
    return this.#unread.next();
  }

  async return(): Promise<IteratorResult<CaptionEvent, void>> {
    return this.#unread.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #replaceUnread(events: readonly CaptionEvent[]): void {
    const subjects = new Set(events.map(subjectOf));
    this.#unread.drop((outdated) => subjects.has(subjectOf(outdated)));
    for (const event of events) this.#unread.push(event);
    if (this.#unread.length > MAX_UNREAD) this.fail(tooSlow());
  }

  #replaceUnsent(events: readonly CaptionEvent[], outlet: Outlet<CaptionEvent>): void {
    for (const event of events) {
      // Deleted first, so that the event moves to the end: a map keeps the place of an existing key.
      this.#unsent.delete(subjectOf(event));
      this.#unsent.set(subjectOf(event), event);
    }
    if (this.#isReading) void this.#flush(outlet);
  }

  async #flush(outlet: Outlet<CaptionEvent>): Promise<void> {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    if (outlet.isBusy) await outlet.drained();
    this.#isFlushing = false;
    const events = [...this.#unsent.values()];
    this.#unsent.clear();
    if (events.length > 0 && !this.#unread.closed) outlet.write(events);
  }
}

function tooSlow(): AppError {
  return new AppError('TOO_MANY_REQUESTS', 'too_slow', 'You read captions too slowly. Subscribe again.', {
    retryable: true,
  });
}

/** The id of the utterance or the stream that an event is about. */
function subjectOf(event: CaptionEvent): string {
  return event.type === 'stream' ? event.streamId : event.utterance.id;
}
