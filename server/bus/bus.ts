import type { CaptionEvent, Message, UserRef } from '../contract/types.ts';

/** What one process tells the others about a room. A `message` is a hint: the database is the truth. */
export type BusEvent =
  | { type: 'message'; message: Message }
  | { type: 'presence'; change: 'came' | 'left'; user: UserRef }
  | { type: 'membership'; change: 'joined' | 'left'; user: UserRef; memberCount: number }
  | { type: 'caption'; event: CaptionEvent };

/**
 * The port: carries a room's events to every process that listens, its own included. It may lose events; what it
 * delivers from one publisher comes in the order of publishing.
 */
export type Bus = {
  /** For the start-up line, e.g. "in memory". */
  label: string;
  publish: (roomId: string, event: BusEvent) => void;
  /** Attaches at once; call the answer to detach. */
  subscribe: (roomId: string, listener: (event: BusEvent) => void) => () => void;
  close: () => Promise<void>;
};
