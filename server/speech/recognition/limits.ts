/** How patient the hearing of a stretch is. */
export type RecognitionLimits = {
  /** Audio kept for an engine that is away, or has to hear it again. */
  keptSeconds: number;
  /** Between two calls of an engine that fails: the first pause, and the longest; each is jittered. */
  backoffMs: number;
  longestBackoffMs: number;
  /** An engine that has heard this much without a fault, or finished an utterance, is well again. */
  healthySeconds: number;
  /** An engine that stays away longer than this has its place taken by the fallback. */
  failOverMs: number;
  /** How long before the engine's own limit a call gives way to the next, at the end of an utterance if one comes. */
  rollOverSeconds: number;
  /** An engine that takes no audio though there is some, or does not finish after its end, is given up. */
  stalledMs: number;
  /** So is one that was given this much audio, in at least this time, and said nothing of it. */
  deafSeconds: number;
  /** An engine that has taken audio and not failed in this time counts as listening before it says a word. */
  steadyMs: number;
  /** How long an engine that fails is tried again once the audio has ended. */
  lastChanceMs: number;
  /** How long a call that was told to end is waited for. */
  releaseMs: number;
  /** How often an engine is looked after. */
  watchMs: number;
  /** Events nobody has read yet: with more, the engine gets no more audio. */
  unreadEvents: number;
};

export const RECOGNITION_LIMITS: RecognitionLimits = {
  keptSeconds: 60,
  backoffMs: 250,
  longestBackoffMs: 10_000,
  healthySeconds: 30,
  failOverMs: 10_000,
  rollOverSeconds: 300,
  stalledMs: 10_000,
  deafSeconds: 30,
  steadyMs: 1_000,
  lastChanceMs: 30_000,
  releaseMs: 1_000,
  watchMs: 250,
  unreadEvents: 256,
};
