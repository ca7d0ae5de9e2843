/** How long each step may take, in milliseconds. Tests shorten them. */
export type MysqlLimits = typeof MYSQL_LIMITS;

export const MYSQL_LIMITS = {
  /** From the first packet to the end of the login. */
  connectMs: 5_000,
  /** The statements that pin a new session, or the question whether an old one still leads to a primary. */
  pinMs: 5_000,
  /** Until a call has a connection, with everything that this takes: a free place, a login, a pinned session. */
  acquireMs: 8_000,
  /**
   * A connection without traffic for this long is closed. A server that vanishes in a fail-over closes nothing, and its
   * callers would wait for a quarter of an hour. Longer than `innodb_lock_wait_timeout` and `get_lock`, which are silent.
   */
  silentMs: 8_000,
  /** Then a connection is replaced. After a fail-over, a name leads to another server. */
  lifeMs: 60_000,
  /** Then a connection is asked whether its server is still a primary. Reads alone would never find out. */
  proofMs: 3_000,
  /** How long a start waits for the migrations of another process before it serves without a database. */
  migrationMs: 60_000,
};
