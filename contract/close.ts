/** Why the server closes a WebSocket. After each of these a client comes back, with the cursors it has. RFC 6455, 7.4. */
export const CLOSE = {
  /** "Service restart": another process takes over. */
  restart: 1_012,
  /** What was sent to it was not read, and has been thrown away from the first event on that did not fit. */
  tooSlow: 4_008,
} as const;
