import { randomUUIDv7 } from 'node:crypto';
import type { EngineName, GapReason, Message, UserRef, Utterance } from '../../contract/types.ts';
import type { NewMessage } from '../../db/store.ts';
import type { TranscriptEvent } from '../transcriber/transcriber.ts';

/** `engine`: the one that listens first. */
export type StreamIdentity = { streamId: string; roomId: string; speaker: UserRef; engine: EngineName };

/** Turns what an engine heard into utterances of a room: with ids of ours and times of the clock on the wall. */
export class Utterances {
  readonly #ids = new Map<string, string>();
  readonly #stream: StreamIdentity;

  constructor(stream: StreamIdentity) {
    this.#stream = stream;
  }

  /** @param timeOf when something was said, in ms since 1970, from seconds of the stream. */
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

  #idOf({ utteranceId, type }: TranscriptEvent): string {
    const id = this.#ids.get(utteranceId) ?? randomUUIDv7();
    if (type === 'final') this.#ids.delete(utteranceId);
    else this.#ids.set(utteranceId, id);
    return id;
  }
}

/** A stretch that nobody heard, in the place of what was said there. */
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

/** A finished utterance as the message it becomes. They share their id, so keeping it twice is impossible. */
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

/** A spoken message as the utterance it was. */
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
