/**
 * The codes with which the server closes a WebSocket (RFC 6455, 7.4). If nothing else is said, the client reconnects
 * with its cursors.
 */
export const CLOSE = {
  /** "Service restart": another process takes over. */
  restart: 1_012,
  /** The client did not read. The server has dropped the first event that did not fit its buffer, and all after it. */
  tooSlow: 4_008,
  /** The client did not say who it is in time, or too many clients without a session are connected. */
  stranger: 4_001,
  /** The user has too many sockets. The client must not connect again by itself. */
  tooManySockets: 4_029,
} as const;
