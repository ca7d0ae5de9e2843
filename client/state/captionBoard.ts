import type { CaptionEvent, Utterance } from '../../contract/types.ts';

/** A stream as it was last told. `ended` only where people should know why. */
export type Speaking = Extract<CaptionEvent, { type: 'stream' }>;

/** Ends that were somebody's wish, or are told to them elsewhere. */
const PLAIN_ENDS = new Set(['stopped', 'left_room', 'taken_over']);

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

  /** Why a stream ended has been shown for long enough. */
  forgetEnded(streamId: string): void {
    if (this.#streams.get(streamId)?.state === 'ended') this.#streams.delete(streamId);
  }

  #receiveStream(stream: Speaking): void {
    const { streamId, speaker, state, reason } = stream;
    for (const other of this.#streams.values()) {
      if (other.speaker.id === speaker.id) this.forgetEnded(other.streamId);
    }
    const isWorthAWord = state !== 'ended' || (reason !== undefined && !PLAIN_ENDS.has(reason));
    if (isWorthAWord) this.#streams.set(streamId, stream);
    else this.#streams.delete(streamId);
    if (state !== 'ended') return;
    // A line whose stream is over and that was never finished will not be.
    for (const [id, line] of this.#lines) {
      if (line.streamId === streamId && line.seq === null) this.#lines.delete(id);
    }
  }
}
