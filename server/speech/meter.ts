import type { GapReason, StreamState } from '../../contract/types.ts';

/** The port to whatever counts. Calls are cheap and never fail. */
export type SpeechMeter = {
  /** Seconds of audio: taken in from microphones, given to engines, charged for. */
  audio: (what: 'in' | 'sent' | 'billed', seconds: number) => void;
  /** From the end of the last word until everybody is told. */
  captionLag: (type: 'partial' | 'final', seconds: number) => void;
  /** A stream goes from one state to the next; undefined before it began and once it is over. */
  moved: (from: StreamState | undefined, to: StreamState | undefined) => void;
  /** A call of an engine began again: an error's `reason`, or `rollover`, `failover`, `deaf`, `stalled`. */
  restarted: (cause: string) => void;
  gap: (reason: GapReason, seconds: number) => void;
  /** So many calls wait for a place. */
  queue: (waiting: number) => void;
};

/** For whoever does not want to know. */
export const noMeter: SpeechMeter = {
  audio() {},
  captionLag() {},
  moved() {},
  restarted() {},
  gap() {},
  queue() {},
};
