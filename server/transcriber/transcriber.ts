import type { EngineName, SpeechFeature, SpeechSettings, Word } from '../../contract/types.ts';

/**
 * PCM s16le mono at `SpeechOptions.sampleRate`: an even number of bytes, never none, at most one second. It may be
 * written over once a final covers it: who needs it for longer copies it.
 */
export type AudioChunk = Uint8Array;

export type SpeechOptions = {
  /** BCP 47, or `auto`. */
  language: string;
  /** Samples a second. */
  sampleRate: number;
  /** How the room wants to be heard; without it, by `DEFAULT_SPEECH_SETTINGS`. */
  settings?: SpeechSettings;
};

/** What an engine heard. Each event replaces earlier ones of the same `utteranceId`; after its final comes none. */
export type TranscriptEvent = {
  type: 'partial' | 'final';
  /** Unique within one call of the transcriber. */
  utteranceId: string;
  text: string;
  /** How many leading UTF-16 units of `text` will not change again. */
  stableChars: number;
  language: string;
  /** Seconds from the first sample of the audio. */
  start: number;
  end: number;
  confidence: number | null;
  words: Word[];
};

/**
 * The port: audio in, utterances out.
 *
 * - When the audio ends, the rest is recognised and the events end after the last final.
 * - Every utterance ends with exactly one final. Silence makes no utterance: no event has a blank text.
 * - When `signal` aborts, or the consumer returns, everything the call holds is freed (process, socket, timer, and
 *   the audio by its iterator's `return()`) and the events end without an error.
 * - When the engine fails, the iteration throws an AppError with a `reason`, `retryable`, and a message for people.
 */
export type Transcriber = (
  audio: AsyncIterable<AudioChunk>,
  options: SpeechOptions & { signal: AbortSignal },
) => AsyncIterable<TranscriptEvent>;

/** A transcriber with what the rest of the server and the people in a room need to know of it. */
export type SpeechEngine = {
  name: EngineName;
  /** For people, e.g. "Amazon Transcribe". */
  label: string;
  /** One plain sentence on how good it is and where the audio goes. */
  description: string;
  /** BCP 47 tags it hears, or null if that is the engine's own long list. */
  languages: string[] | null;
  /** What of a room's settings it can do. */
  features: SpeechFeature[];
  /** The chunk length it likes best. */
  chunkMs: number;
  /** A call with more audio than this is cut off by the engine; null if none ever is. */
  longestSeconds: number | null;
  /** Why these options cannot be served, in a sentence for people; null if they can. */
  refuses: (options: SpeechOptions) => string | null;
  /** What a stream of this much audio is charged for, in seconds. */
  billedSeconds: (audioSeconds: number) => number;
  transcribe: Transcriber;
  /** Frees what the engine holds beyond its streams. */
  close: () => Promise<void>;
};
