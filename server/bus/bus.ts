import type { CaptionEvent, Message, RoomSettings, UserRef } from '../../contract/types.ts';

/** What one process tells the others about a room. A `message` is a hint: the database is the truth. */
export type BusEvent =
  | { type: 'message'; message: Message }
  /** Everybody who is in the room through this process. */
  | { type: 'presence'; process: string; users: UserRef[] }
  /** A process that has just opened the room asks the others who is there. */
  | { type: 'presence-wanted'; process: string }
  | { type: 'typing'; user: UserRef; typing: boolean }
  | { type: 'read'; userId: string; seq: number }
  | { type: 'membership'; change: 'joined' | 'left'; user: UserRef; memberCount: number }
  | { type: 'settings'; room: RoomSettings }
  | { type: 'caption'; event: CaptionEvent };

/**
 * The port: carries a room's events to every process that listens, its own at once and always, the others when it can.
 * It may lose events; what it delivers from one publisher comes in the order of publishing.
 */
export type Bus = {
  /** For the start-up line, e.g. "in memory". */
  label: string;
  publish: (roomId: string, event: BusEvent) => void;
  /** Attaches at once; call the answer to detach. */
  subscribe: (roomId: string, listener: (event: BusEvent) => void) => () => void;
  /** Whether it reaches the other processes right now. */
  isConnected: () => boolean;
  close: () => Promise<void>;
};
