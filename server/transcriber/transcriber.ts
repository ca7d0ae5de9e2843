import type { EngineName, SpeechFeature, SpeechSettings, Word } from '../../contract/types.ts';

/**
 * PCM s16le mono at `SpeechOptions.sampleRate`. The byte count is even and never 0; a chunk holds at most one second.
 * The caller may overwrite a chunk once a final covers it, or when it is too old to be kept for another call (20 s or
 * more). An engine that needs the bytes for longer copies them.
 */
export type AudioChunk = Uint8Array;

export type SpeechOptions = {
  /** BCP 47, or `auto`. */
  language: string;
  /** Samples a second. */
  sampleRate: number;
  /** The room's speech settings. The default is `DEFAULT_SPEECH_SETTINGS`. */
  settings?: SpeechSettings;
};

/**
 * One recognition result. It replaces earlier events of the same `utteranceId`; a final is the last of its utterance.
 */
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
 * - When the audio ends, the engine recognises the rest, emits the last final and ends the events.
 * - Every utterance ends with exactly one final. Silence makes no utterance: no event has a blank text.
 * - When `signal` aborts or the consumer returns, the call frees everything it holds (process, socket, timers, and the
 *   audio through its iterator's `return()`), and the events end without an error.
 * - When the engine fails, the iteration throws an AppError with a `reason`, `retryable`, and a message for people.
 */
export type Transcriber = (
  audio: AsyncIterable<AudioChunk>,
  options: SpeechOptions & { signal: AbortSignal },
) => AsyncIterable<TranscriptEvent>;

/** A transcriber, and the facts about it that the server and the people in a room need. */
export type SpeechEngine = {
  name: EngineName;
  /** For people, e.g. "Amazon Transcribe". */
  label: string;
  /** One plain sentence on how good the engine is and where the audio goes. */
  description: string;
  /** BCP 47 tags that the engine recognises; null if the engine has a long list of its own. */
  languages: string[] | null;
  /** The room settings that the engine supports. */
  features: SpeechFeature[];
  /** The chunk length that suits the engine best. */
  chunkMs: number;
  /** The engine ends a call that gets more audio than this; null if there is no limit. */
  longestSeconds: number | null;
  /** The service refuses calls if more than this many start in a second. Left out: there is no such limit. */
  startsPerSecond?: number;
  /** Says in a sentence for people why the engine cannot serve these options; null if it can. */
  refuses: (options: SpeechOptions) => string | null;
  /** The seconds that the provider charges for a stream with this much audio. */
  billedSeconds: (audioSeconds: number) => number;
  transcribe: Transcriber;
  /** Frees what the engine holds beyond its streams. */
  close: () => Promise<void>;
};
