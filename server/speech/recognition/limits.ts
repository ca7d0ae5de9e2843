/** How much audio a segment keeps, and how long it waits for an engine. */
export type RecognitionLimits = {
  /** The capacity of the replay buffer: audio that waits for an engine, or may have to be sent again. */
  replaySeconds: number;
  /** Its capacity in bytes. Above 16 kHz this is less than `replaySeconds`. */
  replayBytes: number;
  /** The longest pause after the first failed call. Each further failure doubles it. The pauses are jittered. */
  backoffMs: number;
  maxBackoffMs: number;
  /** Once a call has recognised this much audio, or finished an utterance, earlier failures no longer count. */
  healthySeconds: number;
  /** An engine that fails for this long is replaced by the other engine. */
  failOverMs: number;
  /** A call is replaced this long before the engine's own limit, between two utterances if possible. */
  rollOverSeconds: number;
  /** A call fails as `stalled` if it neither takes audio nor returns a result for this long. */
  stalledMs: number;
  /** A call fails as `deaf` if it has taken this much audio, over at least this much time, without any result. */
  deafSeconds: number;
  /** A call that takes audio and has not failed for this long counts as listening, even before its first result. */
  listeningAfterMs: number;
  /** After the end of the audio, a failing engine is retried for this long. */
  giveUpMs: number;
  /** A call that was stopped gets this long to free what it holds. */
  releaseMs: number;
  watchdogIntervalMs: number;
  /** While this many events are unread, the engine gets no more audio (backpressure). */
  maxUnreadEvents: number;
};

export const RECOGNITION_LIMITS: RecognitionLimits = {
  replaySeconds: 60,
  // 60 s at 16 kHz. With the memory pages around it, a stream stays under 2.5 MB at every rate.
  replayBytes: 1_920_000,
  backoffMs: 250,
  maxBackoffMs: 10_000,
  healthySeconds: 30,
  failOverMs: 10_000,
  rollOverSeconds: 300,
  stalledMs: 10_000,
  deafSeconds: 30,
  listeningAfterMs: 1_000,
  giveUpMs: 30_000,
  releaseMs: 1_000,
  watchdogIntervalMs: 250,
  maxUnreadEvents: 256,
};
