import type {
  AudioPlace,
  Member,
  Message,
  Role,
  Room,
  SpeechSettings,
  User,
  UserRef,
  Visibility,
} from '../contract/types.ts';

/** A message before it has a seq and a rev. The caller chooses its id (a UUID). */
export type NewMessage = Pick<
  Message,
  'id' | 'roomId' | 'kind' | 'author' | 'clientId' | 'text' | 'replyTo' | 'mentions' | 'createdAt' | 'speech'
>;

/**
 * A change that takes a rev. `by` is the id of the user who makes it, `at` an ISO 8601 time. With `ifMember`, the change
 * fails with `not_member` unless that user is a member of the room at the commit. With `heardUntil`, a spoken message tells
 * how far its stream is saved, and fails with `stream_sealed` unless that stream is kept and open (see `addStream`).
 */
export type Change = { ifMember?: string } & (
  | { type: 'append'; message: NewMessage; heardUntil?: AudioPlace }
  | {
      type: 'edit';
      roomId: string;
      messageId: string;
      by: string;
      text: string;
      mentions: string[];
      at: string;
    }
  | { type: 'remove'; roomId: string; messageId: string; by: string; at: string }
  | { type: 'react'; roomId: string; messageId: string; by: string; emoji: string; on: boolean }
);

/**
 * The message after the change. `changed` is false if the change is a repeat and the message was in this state before.
 * An append is a repeat if the room has a message with the same id or the same (room, author, clientId).
 */
export type ChangeOutcome = { message: Message; changed: boolean } | { error: unknown };

/** A room's last seq and last rev. */
export type Head = { lastSeq: number; rev: number };

export type MembershipChange = {
  changed: boolean;
  role: Role;
  memberCount: number;
  /** The member who became owner because the last owner left. */
  heir?: UserRef;
};

/**
 * The port to the database, in the domain's words. Every method can throw an AppError `store_unavailable` (retryable) if
 * the database is unreachable or busy.
 */
export type Store = {
  /** For the server's start-up output, e.g. "SQLite (data/roomscribe.sqlite)". */
  label: string;

  addUser: (user: User, createdAt: Date) => Promise<void>;
  findUser: (userId: string) => Promise<User | null>;

  /** Creates a room. Its owner is its first member, its seq and rev are 0. */
  createRoom: (room: NewRoom) => Promise<void>;
  /** Changes the given fields and keeps the others. An unknown room is ignored. */
  updateRoom: (roomId: string, change: RoomChange) => Promise<void>;
  /** The room with this user's role and unread count. The store checks no permission; the domain does. */
  findRoom: (roomId: string, userId: string) => Promise<Room | null>;
  /** Public rooms and those the user has joined, newest first, after `cursor` (a room id). */
  listRooms: (userId: string, page: RoomsPage) => Promise<Room[]>;
  /** The heads of these rooms by room id. Unknown rooms are missing from the result. */
  heads: (roomIds: string[]) => Promise<Map<string, Head>>;

  findRole: (roomId: string, userId: string) => Promise<Role | null>;
  /**
   * Adds the user to the room, unless they are a member already. A user who left gets their role back. Null for an
   * unknown room.
   */
  addMember: (roomId: string, userId: string, joinedAt: Date) => Promise<MembershipChange | null>;
  /**
   * Removes the user from the room, if they are a member. If no owner is left, the longest-standing member becomes owner.
   * Null for an unknown room.
   */
  removeMember: (roomId: string, userId: string) => Promise<MembershipChange | null>;
  /** Members in the order of their user ids, after `cursor` (a user id). */
  listMembers: (roomId: string, page: { cursor?: string | undefined; limit: number }) => Promise<Member[]>;

  /**
   * Commits changes of any rooms in one transaction, in the given order. Each change takes the next rev of its room, and
   * a new message also the next seq. A change that cannot be kept fails alone.
   * @returns one outcome for each change, after the commit.
   */
  commitChanges: (changes: Change[]) => Promise<ChangeOutcome[]>;
  findMessage: (roomId: string, messageId: string) => Promise<Message | null>;
  /** Messages in ascending seq order. `before` and `after` are exclusive. Without both: the newest messages. */
  listMessages: (roomId: string, page: MessagesPage) => Promise<Message[]>;
  /** Messages that changed after `rev`, in the order of their latest rev. */
  changesAfter: (roomId: string, rev: number, limit: number) => Promise<Message[]>;
  /** Spoken messages, without removed ones, in seq order. `from` and `to` select by the time of speaking. */
  listSpoken: (roomId: string, query: SpokenQuery) => Promise<Message[]>;
  /** Like `listSpoken`, but in the order in which people began to speak. */
  listSpokenByTime: (roomId: string, query: SpokenByTimeQuery) => Promise<Message[]>;

  /** The user's rooms in id order after `after`, each with the greatest message id, or the greatest up to `upTo`. */
  newestInRooms: (
    userId: string,
    page: { upTo?: string | undefined; after?: string | undefined; limit: number },
  ) => Promise<{ roomId: string; newestId: string | null }[]>;
  /** Searches a bounded part of a room, newest first. A search is a loop over parts: see `server/chat/search.ts`. */
  searchPart: (roomId: string, part: RoomPart) => Promise<PartFound>;
  /** The messages with these ids, in this order. Unknown ones are missing from the result. */
  findMessages: (ids: string[]) => Promise<Message[]>;

  /** Moves a member's read marker forwards, never back. Null for a user who is not a member. */
  markRead: (roomId: string, userId: string, seq: number) => Promise<{ seq: number; moved: boolean } | null>;
  /** The ids of those among these users who are members of the room. */
  findMembers: (roomId: string, userIds: string[]) => Promise<string[]>;

  /**
   * Adds to the seconds of speech that were recognised in a room on a day (UTC, `YYYY-MM-DD`).
   * @returns the day's new total over all processes.
   * @throws Error for an unknown room.
   */
  addSpeechSeconds: (roomId: string, day: string, seconds: number) => Promise<number>;
  /** The total of `addSpeechSeconds` for this room and day. */
  speechSeconds: (roomId: string, day: string) => Promise<number>;

  /**
   * Keeps a speech stream, so that another process can tell how far it is saved. Forgets the streams of this user that
   * began a week ago or earlier.
   */
  addStream: (stream: NewStream) => Promise<void>;
  /** A stream of this user; null if there is none, or if it belongs to somebody else. */
  findStream: (userId: string, streamId: string) => Promise<KeptStream | null>;
  /**
   * Seals a stream of this user: nothing more of it can be saved, whatever its process does later.
   * @returns the place up to which it is saved; null as for `findStream`.
   */
  sealStream: (userId: string, streamId: string) => Promise<AudioPlace | null>;
  /** Seals a stream that has ended, and is saved up to this place. A stream that is sealed already stays as it is. */
  endStream: (streamId: string, heardUntil: AudioPlace) => Promise<void>;

  /** Writes one row. @throws AppError `store_unavailable` if the database does not answer or cannot be written. */
  ping: () => Promise<void>;
  close: () => Promise<void>;
};

export type NewStream = { streamId: string; roomId: string; userId: string; startedAt: Date };

export type KeptStream = { roomId: string; sealed: boolean };

/** A message's place in an order: its seq, or its id. */
export type SearchPlace = number | string;

export type RoomPart = {
  /** A folded text (see `contract/fold.ts`): the part's messages whose folded text contains it are found. */
  folded: string;
  /** In one room the order is seq. Over several rooms it is the id, which grows with time. */
  order: 'seq' | 'id';
  /** The part begins at the message with this seq or id, or at the next older one. */
  from: SearchPlace;
  /** How many messages are read at most. */
  rows: number;
  /** How many messages are found at most. The part ends there. */
  limit: number;
};

export type PartFound = {
  found: { id: string; place: SearchPlace }[];
  /** Where the next part begins. Null at the room's end. */
  next: SearchPlace | null;
};

export type NewRoom = {
  id: string;
  name: string;
  visibility: Visibility;
  language: string;
  /** The settings that the owner chose. A read fills in today's defaults for the others. */
  speech: Partial<SpeechSettings>;
  ownerId: string;
  createdAt: Date;
};

export type RoomChange = Partial<Pick<NewRoom, 'name' | 'language' | 'speech'>>;

export type RoomsPage = { search?: string | undefined; cursor?: string | undefined; limit: number };

export type MessagesPage = { before?: number | undefined; after?: number | undefined; limit: number };

export type SpokenQuery = {
  from?: Date | undefined;
  to?: Date | undefined;
  speakerId?: string | undefined;
  /** A seq: only messages after it. */
  after?: number | undefined;
  limit: number;
};

export type SpokenByTimeQuery = Omit<SpokenQuery, 'after'> & {
  /** The last message of the previous page. */
  after?: { id: string; startedAt: string } | undefined;
};
