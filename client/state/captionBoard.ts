import type { CaptionEvent, StreamEvent, Utterance } from '../../contract/types.ts';

/** The last state of a speech stream. An `ended` stream is listed only if people should know why it ended. */
export type CaptionStream = StreamEvent;

/**
 * Reasons that need no explanation: somebody wanted the end, or the page of the speaker explains it and goes on with
 * another server.
 */
const EXPECTED_ENDS = new Set(['stopped', 'left_room', 'taken_over', 'server_lost']);

/**
 * The live captions of a room: one line per utterance. Lines stay in the order in which they began, so that no line
 * jumps. A finished line stays until its message is in the timeline.
 */
export class CaptionBoard {
  readonly #lines = new Map<string, Utterance>();
  readonly #streams = new Map<string, CaptionStream>();
  readonly #unconfirmed = new Set<string>();

  get lines(): Utterance[] {
    return [...this.#lines.values()];
  }

  get streams(): CaptionStream[] {
    return [...this.#streams.values()];
  }

  /** @param isInTimeline whether the message of this utterance is shown already. */
  receive(event: CaptionEvent, isInTimeline: (utteranceId: string) => boolean): void {
    this.#unconfirmed.delete(event.type === 'stream' ? event.streamId : event.utterance.id);
    if (event.type === 'stream') {
      this.#receiveStream(event);
    } else if (isInTimeline(event.utterance.id)) {
      this.#lines.delete(event.utterance.id);
    } else {
      this.#lines.set(event.utterance.id, event.utterance);
    }
  }

  /** Removes the lines of messages that are in the timeline now. */
  removeLines(messageIds: string[]): void {
    for (const id of messageIds) this.#lines.delete(id);
  }

  /** Call this after a reconnect: the server sends the current streams and lines again. See `dropUnconfirmed`. */
  markUnconfirmed(): void {
    this.#unconfirmed.clear();
    for (const key of [...this.#streams.keys(), ...this.#lines.keys()]) this.#unconfirmed.add(key);
  }

  /** Drops the streams and lines without an event since `markUnconfirmed`. Their words come as messages. */
  dropUnconfirmed(): void {
    for (const key of this.#unconfirmed) {
      this.#streams.delete(key);
      this.#lines.delete(key);
    }
    this.#unconfirmed.clear();
  }

  /** Removes an ended stream, when its reason was shown for long enough. */
  forgetEnded(streamId: string): void {
    if (this.#streams.get(streamId)?.state === 'ended') this.#streams.delete(streamId);
  }

  #receiveStream(stream: CaptionStream): void {
    const { streamId, speaker, state, reason } = stream;
    for (const other of this.#streams.values()) {
      if (other.speaker.id === speaker.id) this.forgetEnded(other.streamId);
    }
    const isShown = state !== 'ended' || (reason !== undefined && !EXPECTED_ENDS.has(reason));
    if (isShown) this.#streams.set(streamId, stream);
    else this.#streams.delete(streamId);
    if (state !== 'ended') return;
    // An unfinished line of an ended stream will never be finished.
    for (const [id, line] of this.#lines) {
      if (line.streamId === streamId && line.seq === null) this.#lines.delete(id);
    }
  }
}
