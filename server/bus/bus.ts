import type {
  CaptionEvent,
  Message,
  Role,
  RoomSettings,
  StreamEvent,
  UserRef,
} from '../../contract/types.ts';

/** An event about a room, from one process to the others. A `message` is only a hint: the database is the truth. */
export type BusEvent =
  | { type: 'message'; message: Message }
  /** All users who are in the room through this process. */
  | { type: 'presence'; process: string; users: UserRef[] }
  /** A process has just opened the room and asks the others for their `presence`. */
  | { type: 'presence-wanted'; process: string }
  | { type: 'typing'; user: UserRef; typing: boolean }
  | { type: 'read'; userId: string; seq: number }
  | { type: 'membership'; change: 'joined' | 'left'; user: UserRef; memberCount: number }
  | { type: 'role'; user: UserRef; role: Role }
  | { type: 'settings'; room: RoomSettings }
  /** `process` owns the stream that the event is about. */
  | { type: 'caption'; process: string; event: CaptionEvent }
  /** All open speech streams of the room in this process. */
  | { type: 'streams'; process: string; streams: StreamEvent[] }
  /** A process has just opened the captions of the room and asks the others for their `streams`. */
  | { type: 'streams-wanted'; process: string }
  /** A speaker is back in another process and goes on there. The process of the stream finishes it … */
  | { type: 'stream-wanted'; streamId: string; userId: string }
  /** … and says at once that it does. */
  | { type: 'stream-finishing'; streamId: string };

/**
 * How processes see that another one lives, in ms. A killed process cannot say goodbye, so each process announces its
 * users and its speech streams again and again. A process that is silent for `expiry` is dead: what it owned is removed
 * at the next check, within `expiry + check` (12 s) after its last announcement.
 */
export const LIVENESS = { announceMs: 4_000, expiryMs: 10_000, checkMs: 2_000 };

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
  /** A stable word for why they do not; undefined while they do. A bus in memory has no trouble. */
  trouble?: () => string | undefined;
  close: () => Promise<void>;
};
