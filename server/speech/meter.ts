import type { GapReason, StreamState } from '../../contract/types.ts';

/** The port for metrics. Calls are cheap and never fail. */
export type SpeechMeter = {
  /** Seconds of audio: accepted from microphones, sent to engines, or billed. */
  audio: (what: 'in' | 'sent' | 'billed', seconds: number) => void;
  /** The time from the end of the last word until the caption is published. */
  captionLag: (type: 'partial' | 'final', seconds: number) => void;
  /** A stream changes its state. `from` is undefined when it begins, and `to` when it is over. */
  stateChanged: (from: StreamState | undefined, to: StreamState | undefined) => void;
  /** An engine call was restarted. The cause is an error's `reason`, or `rollover`, `failover`, `deaf`, `stalled`. */
  restarted: (cause: string) => void;
  gap: (reason: GapReason, seconds: number) => void;
  /** How many engine calls wait for admission. */
  queue: (waiting: number) => void;
};

/** A meter that counts nothing. */
export const noMeter: SpeechMeter = {
  audio() {},
  captionLag() {},
  stateChanged() {},
  restarted() {},
  gap() {},
  queue() {},
};
