import type { EngineName, GapReason } from '../../../contract/types.ts';
import type { Log } from '../../log.ts';
import type { SpeechEngine, SpeechOptions, TranscriptEvent } from '../../transcriber/transcriber.ts';
import type { Admission } from './admission.ts';
import type { RecognitionLimits } from './limits.ts';

export type RecognitionEvent =
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

export type RecognitionParts = {
  engine: SpeechEngine;
  fallback: SpeechEngine | null;
  places: Admission;
  log: Log;
  /** Told once when a call of an engine is over: what it was given, and what that costs. */
  onCall: (call: { engine: SpeechEngine; sentSeconds: number; billedSeconds: number }) => void;
  /** Told at each restart: an AppError's reason, or `rollover`, `failover`, `deaf`, `stalled`. */
  onRestart: (cause: string) => void;
  /** No audio before this sample is needed any more. */
  onForgotten?: (sample: number) => void;
  limits?: Partial<RecognitionLimits>;
};

export type RecognitionOptions = SpeechOptions & { signal: AbortSignal };
