/**
 * The port of a transport that can write to its socket without being asked: the direct way from a feed to one
 * subscriber. The other way, a promise and an iterator step for every event, costs more than sending the event.
 */
export type Outlet<T> = {
  /**
   * Sends the items, in order, after everything that was sent before. An array that goes to many subscribers is encoded
   * once. The items are dropped if the socket is gone, or if the socket is cut because its client does not read.
   */
  write: (items: readonly T[]) => void;
  /** Whether the client has not read yet what was sent. */
  readonly isBusy: boolean;
  /** Resolves when the outlet is no longer busy, or its socket is gone. */
  drained: () => Promise<void>;
};
