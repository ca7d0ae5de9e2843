import type { Member, Message, Role, Room, SpeechSettings, User, Visibility } from '../contract/types.ts';

/** A message before it has a place in its room. Its id is the caller's to choose (a UUID). */
export type NewMessage = Pick<
  Message,
  'id' | 'roomId' | 'kind' | 'author' | 'clientId' | 'text' | 'replyTo' | 'mentions' | 'createdAt' | 'speech'
>;

/**
 * Everything that takes a rev. `by` is the id of who asks for it, `at` an ISO 8601 time. With `ifMember` it is kept only
 * if that user belongs to the room when it is committed, and fails with `not_member` otherwise.
 */
export type Change = { ifMember?: string } & (
  | { type: 'append'; message: NewMessage }
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
 * The message as the change left it. Not `changed`: it was so already, because the change is a repeat; an appended
 * message is a repeat if it stood there under the same id or the same (room, author, clientId).
 */
export type ChangeOutcome = { message: Message; changed: boolean } | { error: unknown };

/** What a room's clock shows: the last seq and the last rev. */
export type Head = { lastSeq: number; rev: number };

export type MembershipChange = { changed: boolean; role: Role; memberCount: number };

/**
 * The port to the database, in the domain's words. Every method may throw an AppError `store_unavailable`
 * (retryable) when the database is away or busy.
 */
export type Store = {
  /** For the start-up line, e.g. "SQLite (data/roomscribe.sqlite)". */
  label: string;

  addUser: (user: User, createdAt: Date) => Promise<void>;
  findUser: (userId: string) => Promise<User | null>;

  /** Creates a room with its owner as the first member; seq and rev are 0. */
  createRoom: (room: NewRoom) => Promise<void>;
  /** Changes what is given and leaves the rest; nothing happens to a room that is not there. */
  updateRoom: (roomId: string, change: RoomChange) => Promise<void>;
  /** The room as `userId` sees it, whether they may or not; that is for the domain to judge. */
  findRoom: (roomId: string, userId: string) => Promise<Room | null>;
  /** Public rooms and the user's own, newest first, after `cursor` (a room id). */
  listRooms: (userId: string, page: RoomsPage) => Promise<Room[]>;
  /** Room ids in, heads out; unknown rooms are missing from the answer. */
  heads: (roomIds: string[]) => Promise<Map<string, Head>>;

  findRole: (roomId: string, userId: string) => Promise<Role | null>;
  /** Joins or finds them joined; null if there is no such room. */
  addMember: (roomId: string, userId: string, joinedAt: Date) => Promise<MembershipChange | null>;
  removeMember: (roomId: string, userId: string) => Promise<MembershipChange | null>;
  /** In the order of user ids, after `cursor` (a user id). */
  listMembers: (roomId: string, page: { cursor?: string | undefined; limit: number }) => Promise<Member[]>;

  /**
   * Keeps changes of any rooms in one transaction, in the order given; each takes its room's next rev, a new message
   * also the next seq. A change that cannot be kept fails alone. Answers after commit, one outcome for each change.
   */
  commitChanges: (changes: Change[]) => Promise<ChangeOutcome[]>;
  findMessage: (roomId: string, messageId: string) => Promise<Message | null>;
  /** Ascending by seq; `before` and `after` are exclusive, neither given = the newest. */
  listMessages: (roomId: string, page: MessagesPage) => Promise<Message[]>;
  /** Messages whose latest change came after `rev`, in rev order. */
  changesAfter: (roomId: string, rev: number, limit: number) => Promise<Message[]>;
  /** Spoken messages by the time they were said, in seq order. */
  listSpoken: (roomId: string, query: SpokenQuery) => Promise<Message[]>;
  /** As `listSpoken`, in the order in which they were begun to be said. */
  listSpokenByTime: (roomId: string, query: SpokenByTimeQuery) => Promise<Message[]>;

  /** Messages that hold these words, newest first, in this room or, without one, in all that `userId` has joined. */
  searchMessages: (userId: string, search: MessageSearch) => Promise<Message[]>;

  /** Moves a member's read marker forwards, never back; null for somebody who has not joined. */
  markRead: (roomId: string, userId: string, seq: number) => Promise<{ seq: number; moved: boolean } | null>;
  /** Which of these people have joined the room. */
  findMembers: (roomId: string, userIds: string[]) => Promise<string[]>;

  /**
   * Adds to what a room has had heard on a day (UTC, `YYYY-MM-DD`), from any process; answers the day's new total.
   * @throws Error for a room that is not there.
   */
  addSpeechSeconds: (roomId: string, day: string, seconds: number) => Promise<number>;
  speechSeconds: (roomId: string, day: string) => Promise<number>;

  /** @throws AppError `store_unavailable` if the database does not answer. */
  ping: () => Promise<void>;
  close: () => Promise<void>;
};

export type MessageSearch = {
  roomId?: string | undefined;
  words: string;
  /** The id of the last message of the page before. */
  cursor?: string | undefined;
  limit: number;
};

export type NewRoom = {
  id: string;
  name: string;
  visibility: Visibility;
  language: string;
  /** What was chosen; for the rest the defaults are filled in as they are when the room is read. */
  speech: Partial<SpeechSettings>;
  ownerId: string;
  createdAt: Date;
};

export type RoomChange = Partial<Pick<NewRoom, 'name' | 'language' | 'speech'>>;

export type RoomsPage = { search?: string | undefined; cursor?: string | undefined; limit: number };

export type MessagesPage = { before?: number | undefined; after?: number | undefined; limit: number };

export type SpokenByTimeQuery = Omit<SpokenQuery, 'after'> & {
  /** The last one of the page before. */
  after?: { id: string; startedAt: string } | undefined;
};

export type SpokenQuery = {
  from?: Date | undefined;
  to?: Date | undefined;
  speakerId?: string | undefined;
  after?: number | undefined;
  limit: number;
};
