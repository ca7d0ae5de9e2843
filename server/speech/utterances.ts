import { randomUUIDv7 } from 'node:crypto';
import type { EngineName, GapReason, Message, UserRef, Utterance } from '../../contract/types.ts';
import type { NewMessage } from '../../db/store.ts';
import type { TranscriptEvent } from '../transcriber/transcriber.ts';

/** `engine`: the first engine of the stream. A fallback engine may take over later. */
export type StreamIdentity = { streamId: string; roomId: string; speaker: UserRef; engine: EngineName };

/** Turns an engine's results into utterances of a room, with ids of our own and with wall-clock times. */
export class Utterances {
  /** The utterances that have no final yet, by the engine's ids. `start` is in seconds of the stream. */
  readonly #open = new Map<string, { id: string; start: number }>();
  readonly #stream: StreamIdentity;

  constructor(stream: StreamIdentity) {
    this.#stream = stream;
  }

  /** Where the first utterance without a final begins, in seconds of the stream; Infinity if all have finals. */
  get openSince(): number {
    return Math.min(...[...this.#open.values()].map(({ start }) => start));
  }

  /** @param timeOf converts seconds of the stream to ms since 1970. */
  from(event: TranscriptEvent, engine: EngineName, timeOf: (seconds: number) => number): Utterance {
    const at = (seconds: number) => new Date(timeOf(seconds)).toISOString();
    const isFinal = event.type === 'final';
    return {
      id: this.#idOf(event),
      ...this.#stream,
      engine,
      text: event.text,
      stableChars: event.stableChars,
      language: event.language,
      startedAt: at(event.start),
      endedAt: isFinal ? at(event.end) : null,
      confidence: event.confidence,
      words: event.words,
      seq: null,
    };
  }

  #idOf({ utteranceId, type, start }: TranscriptEvent): string {
    const utterance = this.#open.get(utteranceId) ?? { id: randomUUIDv7(), start };
    if (type === 'final') this.#open.delete(utteranceId);
    else this.#open.set(utteranceId, utterance);
    return utterance.id;
  }
}

/** An utterance without text that stands for lost speech. */
export function gapOf(
  source: StreamIdentity & { language: string },
  gap: { id: string; startedAt: string; endedAt: string; reason: GapReason },
): Utterance {
  const { reason, ...span } = gap;
  return {
    ...source,
    ...span,
    text: '',
    stableChars: 0,
    confidence: null,
    words: [],
    seq: null,
    gap: reason,
  };
}

/** Converts a finished utterance to a message with the same id, so that the database cannot save it twice. */
export function toMessage(utterance: Utterance): NewMessage {
  const { id, roomId, speaker, text, startedAt, endedAt } = utterance;
  const { streamId, language, confidence, words, engine, gap } = utterance;
  return {
    id,
    roomId,
    kind: 'speech',
    author: speaker,
    clientId: null,
    text,
    replyTo: null,
    mentions: [],
    createdAt: new Date().toISOString(),
    speech: {
      ...{ streamId, startedAt, endedAt: endedAt ?? startedAt, language, confidence, words, engine },
      ...(gap && { gap }),
    },
  };
}

/** Converts a message back to its utterance. @returns null for a typed or removed message. */
export function fromMessage(message: Message): Utterance | null {
  if (!message.speech || message.text === null) return null;
  return {
    ...message.speech,
    id: message.id,
    roomId: message.roomId,
    speaker: message.author,
    text: message.text,
    stableChars: message.text.length,
    seq: message.seq,
  };
}
