import type { CaptionEvent, Message, RoomSettings, UserRef } from '../../contract/types.ts';

/** An event about a room that one process publishes to the others. A `message` is only a hint: the database is the truth. */
export type BusEvent =
  | { type: 'message'; message: Message }
  /** All users who are in the room through this process. */
  | { type: 'presence'; process: string; users: UserRef[] }
  /** A process has just opened the room and asks the others for their `presence`. */
  | { type: 'presence-wanted'; process: string }
  | { type: 'typing'; user: UserRef; typing: boolean }
  | { type: 'read'; userId: string; seq: number }
  | { type: 'membership'; change: 'joined' | 'left'; user: UserRef; memberCount: number }
  | { type: 'settings'; room: RoomSettings }
  | { type: 'caption'; event: CaptionEvent };

/**
 * The port. A bus carries the events of a room to every process that subscribed to it. The publishing process always
 * receives its own events, at once. Other processes may miss events, but they receive the events of one publisher in
 * the order of publishing.
 */
export type Bus = {
  /** A name for the start-up line, e.g. "in memory". */
  label: string;
  publish: (roomId: string, event: BusEvent) => void;
  /** Attaches the listener at once. @returns a function that detaches it. */
  subscribe: (roomId: string, listener: (event: BusEvent) => void) => () => void;
  /** Whether events reach the other processes right now. */
  isConnected: () => boolean;
  close: () => Promise<void>;
};
