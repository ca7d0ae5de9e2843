import type { TranscriptEvent } from '../../transcriber/transcriber.ts';
import { keepAfter, keepBefore } from './cutWords.ts';

type Utterance = {
  id: string;
  /** Words before this second are in earlier finals already. */
  after: number;
  /** Its newest partial. */
  emitted: TranscriptEvent;
  /** Whether an earlier call emitted more of it than this call has recognised again. */
  catchingUp: boolean;
};

/**
 * Stitches the results of successive engine calls together into utterances of the segment. Each utterance has its own id
 * and exactly one final, and no word is in two finals. All events, in and out, have times in seconds of the stream.
 */
export class Stitcher {
  /** The utterances of the current call, by the id that the engine gave them. */
  readonly #open = new Map<string, Utterance>();
  /** The utterance that an ended call left open. The next call may recognise it again. */
  #interrupted: Utterance | undefined;
  #settledSeconds = 0;
  #ids = 0;

  /** All audio before this second is settled: its words are in finals, or it is in a gap. */
  get settledSeconds(): number {
    return this.#settledSeconds;
  }

  /** Whether an utterance has begun and has no final yet. */
  get hasOpenUtterance(): boolean {
    return this.#open.size > 0 || this.#interrupted !== undefined;
  }

  /** Takes a result of the current call and returns the events to emit. */
  stitch(result: TranscriptEvent): TranscriptEvent[] {
    const known = this.#open.get(result.utteranceId);
    const unsettled = keepAfter(result, known?.after ?? this.#settledSeconds);
    if (unsettled?.text.trim()) {
      const closed = known ? [] : this.#closeIfOver(unsettled.start);
      return [...closed, ...this.#update(known ?? this.#begin(unsettled), unsettled)];
    }
    // An empty final takes the utterance back. People have read its partial already, so that becomes the final.
    return known && result.type === 'final' ? [this.#finalize(known.emitted, result.utteranceId)] : [];
  }

  /** The current call is over. Its last open utterance waits for the next call, earlier ones get their finals. */
  interrupt(): TranscriptEvent[] {
    const open = [...this.#open].sort(([, a], [, b]) => a.emitted.start - b.emitted.start);
    const last = open.pop()?.[1];
    const closed = open.map(([engineId, { emitted }]) => this.#finalize(emitted, engineId));
    this.#open.clear();
    if (last) this.#interrupted = last;
    return closed;
  }

  /** No call will get the audio before this second. An interrupted utterance gets its final with the words before it. */
  closeBefore(seconds: number): TranscriptEvent[] {
    const emitted = this.#interrupted?.emitted;
    if (!emitted || emitted.start >= seconds) return [];
    const kept = emitted.words.length === 0 ? emitted : keepBefore(emitted, seconds);
    return kept ? this.#closeInterrupted(kept) : [];
  }

  /** From now on no event is emitted for the audio before this second. */
  settle(seconds: number): void {
    this.#settledSeconds = Math.max(this.#settledSeconds, seconds);
  }

  /** No call follows. Each open utterance gets a final with the text of its newest partial. */
  closeAll(): TranscriptEvent[] {
    const interrupted = this.#interrupted ? this.#closeInterrupted(this.#interrupted.emitted) : [];
    const open = [...this.#open].map(([engineId, { emitted }]) => this.#finalize(emitted, engineId));
    return [...interrupted, ...open];
  }

  #begin(first: TranscriptEvent): Utterance {
    const interrupted = this.#interrupted;
    const utterance = {
      id: interrupted?.id ?? this.#nextId(),
      after: this.#settledSeconds,
      emitted: interrupted?.emitted ?? first,
      catchingUp: interrupted !== undefined,
    };
    this.#interrupted = undefined;
    this.#open.set(first.utteranceId, utterance);
    return utterance;
  }

  /** Closes the interrupted utterance if a new one starts after its end: then the two are not the same. */
  #closeIfOver(start: number): TranscriptEvent[] {
    const emitted = this.#interrupted?.emitted;
    return emitted && start >= emitted.end ? this.#closeInterrupted(emitted) : [];
  }

  #update(utterance: Utterance, result: TranscriptEvent): TranscriptEvent[] {
    const event = { ...result, utteranceId: utterance.id };
    if (result.type === 'final') return [this.#finalize(event, result.utteranceId)];
    // People have read more than this. A shorter partial would make words disappear.
    if (utterance.catchingUp && result.end < utterance.emitted.end) return [];
    utterance.catchingUp = false;
    utterance.emitted = event;
    return [event];
  }

  #closeInterrupted(event: TranscriptEvent): TranscriptEvent[] {
    this.#interrupted = undefined;
    this.settle(event.end);
    return [asFinal(event)];
  }

  #finalize(event: TranscriptEvent, engineId: string): TranscriptEvent {
    this.#open.delete(engineId);
    this.settle(event.end);
    return asFinal(event);
  }

  #nextId(): string {
    this.#ids += 1;
    return String(this.#ids);
  }
}

function asFinal(event: TranscriptEvent): TranscriptEvent {
  return { ...event, type: 'final', stableChars: event.text.length };
}
