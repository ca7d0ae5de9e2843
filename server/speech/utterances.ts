import { randomUUIDv7 } from 'node:crypto';
import type { NewMessage } from '../../db/store.ts';
import type { EngineName, Message, UserRef, Utterance } from '../contract/types.ts';
import type { TranscriptEvent } from '../transcriber/transcriber.ts';

export type StreamIdentity = { streamId: string; roomId: string; speaker: UserRef; engine: EngineName };

/** Turns what an engine heard into utterances of a room: with ids of ours and times of the clock on the wall. */
export class Utterances {
  readonly #ids = new Map<string, string>();
  readonly #stream: StreamIdentity;

  constructor(stream: StreamIdentity) {
    this.#stream = stream;
  }

  /** @param audioStartedAt when the first sample was spoken, in ms since 1970. */
  from(event: TranscriptEvent, audioStartedAt: number): Utterance {
    const at = (seconds: number) => new Date(audioStartedAt + seconds * 1_000).toISOString();
    const isFinal = event.type === 'final';
    return {
      id: this.#idOf(event),
      ...this.#stream,
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

/** A finished utterance as the message it becomes. They share their id, so keeping it twice is impossible. */
export function toMessage(utterance: Utterance): NewMessage {
  const {
    id,
    roomId,
    speaker,
    text,
    streamId,
    startedAt,
    endedAt,
    language,
    confidence,
    words,
    engine,
    gap,
  } = utterance;
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
