/** The codes with which the server closes a WebSocket (RFC 6455, 7.4). The client reconnects with its cursors. */
export const CLOSE = {
  /** "Service restart": another process takes over. */
  restart: 1_012,
  /** The client did not read. The server has dropped the first event that did not fit its buffer, and all after it. */
  tooSlow: 4_008,
} as const;
