/**
 * The port of a transport that can write to its socket without being asked: a way from a feed straight to one
 * subscriber. Asking for every event by itself (promises, iterators) costs more than sending it.
 */
export type Outlet<T> = {
  /**
   * Sends these, in order, behind all that was sent before. One array that goes to many is made into bytes once. What
   * is written to a socket that is gone, or is cut because it does not read, is dropped.
   */
  write: (items: readonly T[]) => void;
  /** Whether what was sent waits to be read. */
  readonly isBusy: boolean;
  /** Resolves when it is busy no more, or gone. */
  drained: () => Promise<void>;
};
