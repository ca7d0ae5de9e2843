/**
 * The limits that the server and its clients share. Text lengths are Unicode code points. The other names carry their
 * unit.
 */
export const LIMITS = {
  textLength: 4_000,
  userNameLength: 40,
  roomNameLength: 80,
  searchLength: 80,
  mentions: 50,
  /** A client that is still typing reports it again within this time. */
  typingMs: 6_000,
  /** A presence list names at most this many people. */
  presenceNames: 200,
  pageSize: 50,
  pageSizeMax: 200,
  /** A subscriber that missed more changes than this gets `reset` instead of a replay. */
  replayChanges: 2_000,
  frameBytes: 128 * 1024,
  /** How much the server buffers for a socket that does not read: room events, and answers to its calls. */
  unreadEventBytes: 512 * 1024,
  unreadAnswerBytes: 4 * 1024 * 1024,
  socketsPerUser: 32,
  subscriptionsPerUser: 256,
  /** Unanswered calls of one socket. */
  callsInFlight: 512,
  bodyBytes: 256 * 1024,
  batchCalls: 20,
  chunkSeconds: 1,
  /** How many chunks may arrive ahead of order. The server buffers them and acks them at once. */
  earlyChunks: 64,
  /** The longest loss that a client can report. A microphone does not stay open through a longer one. */
  lostSecondsMax: 3_600,
  sampleRateMin: 8_000,
  sampleRateMax: 48_000,
  /** How many languages a room can list for `auto`. */
  speechLanguages: 10,
} as const;

/** The length of a text in code points. `text.length` counts UTF-16 units, which is 2 for most emoji. */
export function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
