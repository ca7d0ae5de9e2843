import type { EngineName, GapReason } from '../../../contract/types.ts';
import type { Log } from '../../log.ts';
import type { SpeechEngine, SpeechOptions, TranscriptEvent } from '../../transcriber/transcriber.ts';
import type { PlacedAudio } from '../placedAudio.ts';
import type { Admission } from './admission.ts';
import type { RecognitionLimits } from './limits.ts';
import type { LostSpan } from './ringBuffer.ts';

export type RecognitionEvent =
  /** All times are seconds of the speech stream, not seconds of the engine call. */
  | TranscriptEvent
  | {
      type: 'state';
      state: 'listening' | 'recovering';
      engine: EngineName;
      reason?: string;
      message?: string;
    }
  /** The segment waits for admission. Place 1 is next. */
  | { type: 'queued'; place: number }
  /** Seconds of the stream that no engine recognised. Gaps and finals come in the order of their time. */
  | { type: 'gap'; start: number; end: number; reason: GapReason };

/** What follows a segment: further segments of speech, and losses between them. */
export type LaterAudio = {
  /** Takes the next one, if there is one. */
  take: () => { audio: AsyncIterable<PlacedAudio> } | LostSpan | undefined;
  /** Whether no more will come. */
  readonly closed: boolean;
};

export type RecognitionParts = {
  engine: SpeechEngine;
  fallback: SpeechEngine | null;
  admission: Admission;
  log: Log;
  /** Called once when an engine call is over: how much audio the engine was sent, and how much it bills. */
  onCall: (call: { engine: SpeechEngine; sentSeconds: number; billedSeconds: number }) => void;
  /**
   * Called before each further engine call: an AppError's reason, or `rollover`, `failover`, `deaf`, `stalled`, `gap`.
   */
  onRestart: (cause: string) => void;
  /** An engine got so many samples, up to `endSample` of the stream. It may get them again from a further call. */
  onSent?: (samples: number, endSample: number) => void;
  /** The audio before this sample is no longer needed. */
  onAudioReleased?: (sample: number) => void;
  /** While no engine hears the segment to its end, the segment takes in what follows it. */
  later?: LaterAudio;
  /** The number of the sample that is spoken now. Left out: the source is not live and can wait. */
  currentSample?: () => number;
  limits?: Partial<RecognitionLimits>;
};

export type RecognitionOptions = SpeechOptions & { signal: AbortSignal };
