import type { CaptionEvent, StreamEvent, UtteranceEvent } from '../../../contract/types.ts';
import { LIVENESS } from '../../bus/bus.ts';

type Owned = { process: string; event: StreamEvent };

/**
 * The open speech streams of one room over all processes, and the partials of those streams. Each stream belongs to a
 * process. A stream whose process is dead, or no longer lists it, has ended. All times come from `performance.now()`.
 */
export class OpenStreams {
  readonly #streams = new Map<string, Owned>();
  readonly #partials = new Map<string, UtteranceEvent>();
  /** When each process was heard of last. */
  readonly #heardAt = new Map<string, number>();

  get isEmpty(): boolean {
    return this.#streams.size === 0;
  }

  /** What a new listener must know: the open streams, then the current partials. */
  get current(): CaptionEvent[] {
    return [...[...this.#streams.values()].map(({ event }) => event), ...this.#partials.values()];
  }

  ownedBy(process: string): StreamEvent[] {
    return [...this.#streams.values()].filter((owned) => owned.process === process).map(({ event }) => event);
  }

  /** Notes an event of a process. @returns the events to show: a partial of an unknown stream opens that stream first. */
  note(process: string, event: CaptionEvent): CaptionEvent[] {
    this.#heardAt.set(process, performance.now());
    if (event.type === 'stream') {
      this.#noteStream(process, event);
      return [event];
    }
    if (event.type === 'final') {
      this.#partials.delete(event.utterance.id);
      return [event];
    }
    const opened = this.#openUnknown(process, event);
    this.#partials.set(event.utterance.id, event);
    return [...opened, event];
  }

  /** Notes the list of a process's open streams. @returns the changes that did not arrive as events of their own. */
  noteList(process: string, streams: StreamEvent[]): StreamEvent[] {
    this.#heardAt.set(process, performance.now());
    const listed = new Set(streams.map(({ streamId }) => streamId));
    const missing = this.ownedBy(process).filter(({ streamId }) => !listed.has(streamId));
    const changed = streams.filter((event) => !isSame(this.#streams.get(event.streamId)?.event, event));
    for (const event of changed) this.#noteStream(process, event);
    return [...this.#end(missing), ...changed];
  }

  /** Ends the streams of dead processes. @param own this process, which lives. @returns the ends. */
  endLost(own: string): StreamEvent[] {
    const silent = [...this.#heardAt].filter(
      ([process, heardAt]) => process !== own && performance.now() - heardAt > LIVENESS.expiryMs,
    );
    return silent.flatMap(([process]) => {
      this.#heardAt.delete(process);
      return this.#end(this.ownedBy(process));
    });
  }

  #openUnknown(process: string, { utterance }: UtteranceEvent): StreamEvent[] {
    const { streamId, speaker, engine } = utterance;
    if (this.#streams.has(streamId)) return [];
    const event: StreamEvent = { type: 'stream', streamId, speaker, engine, state: 'listening' };
    this.#noteStream(process, event);
    return [event];
  }

  #noteStream(process: string, event: StreamEvent): void {
    if (event.state !== 'ended') this.#streams.set(event.streamId, { process, event });
    else this.#forget(event.streamId);
  }

  #end(streams: StreamEvent[]): StreamEvent[] {
    return streams.map(({ streamId, speaker, engine }) => {
      this.#forget(streamId);
      return { type: 'stream', streamId, speaker, engine, state: 'ended', reason: 'server_lost' };
    });
  }

  #forget(streamId: string): void {
    this.#streams.delete(streamId);
    for (const [id, { utterance }] of this.#partials)
      if (utterance.streamId === streamId) this.#partials.delete(id);
  }
}

const COMPARED = ['state', 'engine', 'reason', 'message', 'place'] as const;

function isSame(known: StreamEvent | undefined, event: StreamEvent): boolean {
  return known !== undefined && COMPARED.every((key) => known[key] === event[key]);
}
