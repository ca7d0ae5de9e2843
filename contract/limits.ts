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
  /** UTF-8 bytes of a request's id. The server repeats it in every answer and event. */
  requestIdBytes: 64,
  /** How much the server buffers for a socket that does not read, and how much for all sockets of a user: room events. */
  unreadEventBytes: 512 * 1024,
  unreadEventBytesPerUser: 4 * 1024 * 1024,
  /** Answers to calls: no further call of a socket starts above the first, and the socket is cut above the second. */
  unreadAnswerBytes: 64 * 1024,
  unreadAnswerBytesMax: 8 * 1024 * 1024,
  /** Inputs of unanswered calls. A socket is not read while its calls hold more. */
  unansweredBytes: 256 * 1024,
  /** Answers to one user that are not read, over all sockets and connections. Above it, no further call starts. */
  unreadAnswerBytesPerUser: 2 * 1024 * 1024,
  /** Requests of one connection that wait for the answers before them. */
  pipelinedRequests: 8,
  socketsPerUser: 32,
  /** Sockets without a session: from one address, and in all. Above it, the oldest of them is closed. */
  strangersPerAddress: 6_000,
  strangers: 20_000,
  /** Frames that the strangers at one address have begun and not finished, together. */
  strangersUnfinishedBytes: 4 * 1024 * 1024,
  /** Over sockets, and as server-sent events. An event costs the server many times as much over a connection of its own. */
  subscriptionsPerUser: 256,
  eventStreamsPerUser: 24,
  /** Unanswered calls of one socket. */
  callsInFlight: 512,
  /** How many calls of one socket run at a time. Answers to queries may be long pages; those to mutations are short. */
  queriesAtOnce: 2,
  mutationsAtOnce: 64,
  /**
   * Calls of one person over all sockets and connections that run, and that wait for their turn. Changes of a timeline have
   * bounds of their own: they are as many as one socket may have in flight. Of reads, each socket waits by itself with all but
   * `queriesAtOnce`, so a full frame of calls is answered, not refused. A full HTTP batch is, too.
   */
  readsAtOnce: 1,
  readsWaiting: 127,
  changesAtOnce: 64,
  changesWaiting: 448,
  bodyBytes: 256 * 1024,
  /** Large bodies that one person, or the strangers at one address, send at a time. */
  bodyBytesPerUser: 2 * 1024 * 1024,
  strangersBodyBytes: 768 * 1024,
  /** Calls in one HTTP request. A page makes up to about forty at once. */
  batchCalls: 100,
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
