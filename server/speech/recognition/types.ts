import type { EngineName, GapReason } from '../../../contract/types.ts';
import type { Log } from '../../log.ts';
import type {
  AudioChunk,
  SpeechEngine,
  SpeechOptions,
  TranscriptEvent,
} from '../../transcriber/transcriber.ts';
import type { Places } from './admission.ts';
import type { HearingLimits } from './limits.ts';
import { Stretch } from './segment.ts';

/**
 * A piece of a stream's audio; `at` = the number of its first sample in the speech stream. Pieces come in order, but
 * with holes: silence is left out. They are kept as they are: nobody may write to them before they are forgotten.
 */
export type PlacedAudio = { at: number; pcm: AudioChunk };

export type Heard =
  /** All times are seconds of the speech stream, whatever call of whatever engine it comes from. */
  | TranscriptEvent
  | {
      type: 'state';
      state: 'listening' | 'recovering';
      engine: EngineName;
      reason?: string;
      message?: string;
    }
  /** It waits for a place; 1 is next. */
  | { type: 'queued'; place: number }
  /** Seconds of the stream that nobody heard; told in order with the finals. */
  | { type: 'gap'; start: number; end: number; reason: GapReason };

export type HearingParts = {
  engine: SpeechEngine;
  fallback: SpeechEngine | null;
  places: Places;
  /** Of the fallback, if it has its own: without, one that waits for a place is not helped by it. */
  fallbackPlaces?: Places;
  log: Log;
  /** Told once when a call of an engine is over: what it was given, and what that costs. */
  onCall: (call: { engine: SpeechEngine; sentSeconds: number; billedSeconds: number }) => void;
  /** Told at each restart: an AppError's reason, or `rollover`, `failover`, `deaf`, `stalled`. */
  onRestart: (cause: string) => void;
  /** No audio before this sample is needed any more. */
  onForgotten?: (sample: number) => void;
  limits?: Partial<HearingLimits>;
};

export type HearingOptions = SpeechOptions & { signal: AbortSignal };

/**
 * Hears a stretch of speech to its end, whatever happens to the engine: what fails is begun again and fed from the
 * last final on. Utterance ids are unique within the stretch; each utterance has one final.
 *
 * When the signal aborts or the consumer returns, all is freed and the events end without an error.
 * @throws AppError for what cannot heal, after the finals and gaps of what was said until then.
 */
export function hear(
  audio: AsyncIterable<PlacedAudio>,
  options: HearingOptions,
  parts: HearingParts,
): AsyncIterable<Heard> {
  return { [Symbol.asyncIterator]: () => new Stretch(audio, options, parts) };
}
