import type { CaptionEvent, UserRef, Utterance } from '../../server/contract/types.ts';

export type Speaking = { streamId: string; speaker: UserRef };

/**
 * What is being said right now: one line an utterance, in the order in which they began, so that no line ever jumps. A
 * finished line stays until its message stands in the timeline.
 */
export class CaptionBoard {
  readonly #lines = new Map<string, Utterance>();
  readonly #streams = new Map<string, Speaking>();
  readonly #doubtful = new Set<string>();

  get lines(): Utterance[] {
    return [...this.#lines.values()];
  }

  get speaking(): Speaking[] {
    return [...this.#streams.values()];
  }

  /** @param isInTimeline whether the message of this utterance is shown already. */
  receive(event: CaptionEvent, isInTimeline: (utteranceId: string) => boolean): void {
    this.#doubtful.delete(event.type === 'stream' ? event.streamId : event.utterance.id);
    if (event.type === 'stream') {
      this.#receiveStream(event);
    } else if (isInTimeline(event.utterance.id)) {
      this.#lines.delete(event.utterance.id);
    } else {
      this.#lines.set(event.utterance.id, event.utterance);
    }
  }

  /** These stand in the timeline now. */
  settle(messageIds: string[]): void {
    for (const id of messageIds) this.#lines.delete(id);
  }

  /** The connection was lost: who speaks is told anew, and what was finished meanwhile comes as a message. */
  doubt(): void {
    this.#doubtful.clear();
    for (const key of [...this.#streams.keys(), ...this.#lines.keys()]) this.#doubtful.add(key);
  }

  /** Drops what nothing has been heard of since `doubt`. */
  dropDoubtful(): void {
    for (const key of this.#doubtful) {
      this.#streams.delete(key);
      this.#lines.delete(key);
    }
    this.#doubtful.clear();
  }

  #receiveStream({ streamId, speaker, state }: Extract<CaptionEvent, { type: 'stream' }>): void {
    if (state !== 'ended') {
      this.#streams.set(streamId, { streamId, speaker });
      return;
    }
    this.#streams.delete(streamId);
    // A line whose stream is over and that was never finished will not be.
    for (const [id, line] of this.#lines) {
      if (line.streamId === streamId && line.seq === null) this.#lines.delete(id);
    }
  }
}
