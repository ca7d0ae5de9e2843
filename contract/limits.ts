/**
 * The bounds that both ends of the wire keep to. Lengths of text are counted in Unicode code points, sizes in
 * bytes, times as their names say.
 */
export const LIMITS = {
  textLength: 4_000,
  userNameLength: 40,
  roomNameLength: 80,
  searchLength: 80,
  mentions: 50,
  /** Somebody who writes says so again within this time. */
  typingMs: 6_000,
  /** So many of those who are in a room are named. */
  presenceNames: 200,
  pageSize: 50,
  pageSizeMax: 200,
  /** Further behind than this, a subscriber gets `reset` instead of a replay. */
  replayChanges: 2_000,
  frameBytes: 128 * 1024,
  /** What the server keeps for a socket that does not read: of what happens in rooms, and of answers to its calls. */
  unreadEventBytes: 512 * 1024,
  unreadAnswerBytes: 4 * 1024 * 1024,
  socketsPerUser: 32,
  subscriptionsPerUser: 256,
  /** Calls of one socket that have not been answered. */
  callsInFlight: 512,
  bodyBytes: 256 * 1024,
  batchCalls: 20,
  chunkSeconds: 1,
  /** Chunks that may arrive before their turn; they are held and acked at once. */
  earlyChunks: 64,
  /** A microphone that was away for longer than this was not kept open. */
  lostSecondsMax: 3_600,
  sampleRateMin: 8_000,
  sampleRateMax: 48_000,
  /** How many languages `auto` may be told to choose from. */
  speechLanguages: 10,
} as const;

/** How long a text is for a person: code points, not UTF-16 units. */
export function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
