/** The shapes that cross the wire. Dates are ISO 8601 strings, ids are opaque strings. */

export type User = { id: string; name: string; kind: 'guest' | 'member' | 'service' };

/** A user as others see them. */
export type UserRef = Pick<User, 'id' | 'name'>;

export type Role = 'owner' | 'member';
export type Visibility = 'public' | 'private';

export type Room = {
  id: string;
  name: string;
  visibility: Visibility;
  /** BCP 47, the language that speech in this room is expected in; `auto` leaves it to the engine. */
  language: string;
  createdAt: string;
  archivedAt: string | null;
  lastSeq: number;
  rev: number;
  memberCount: number;
  /** What the asking user is in this room; null for somebody who has not joined. */
  role: Role | null;
  /** How many messages came after what the asking user read or wrote last; null for somebody who has not joined. */
  unread: number | null;
};

export type Member = { user: UserRef; role: Role; joinedAt: string };

/** Times are seconds from the start of the speech stream's audio. */
export type Word = { text: string; start: number; end: number; confidence: number | null };

export type EngineName = 'aws' | 'sherpa' | 'pocketsphinx';

export type Speech = {
  streamId: string;
  startedAt: string;
  endedAt: string;
  language: string;
  confidence: number | null;
  words: Word[];
  engine: EngineName;
};

export type Reaction = { emoji: string; userIds: string[] };

export type Message = {
  id: string;
  roomId: string;
  seq: number;
  rev: number;
  kind: 'text' | 'speech';
  author: UserRef;
  /** The sender's own id of the message; null for speech. */
  clientId: string | null;
  text: string | null;
  replyTo: string | null;
  /** The ids of the members it speaks to by name. */
  mentions: string[];
  /** In the order in which they were first used. */
  reactions: Reaction[];
  createdAt: string;
  editedAt: string | null;
  deletedAt: string | null;
  speech: Speech | null;
};

/** One stretch of speech of one speaker. Its id stays from the first partial to the final. */
export type Utterance = {
  id: string;
  streamId: string;
  roomId: string;
  speaker: UserRef;
  text: string;
  /** How many leading characters (UTF-16 units) of `text` will not change again. */
  stableChars: number;
  language: string;
  startedAt: string;
  endedAt: string | null;
  confidence: number | null;
  words: Word[];
  engine: EngineName;
  /** Its place in the timeline; null while it is partial. */
  seq: number | null;
};

/** What `messages.live` delivers. Only `message` and `reset` carry a rev; the others are not replayed. */
export type RoomEvent =
  | { type: 'message'; rev: number; message: Message }
  | { type: 'reset'; rev: number }
  | { type: 'presence'; change: 'all' | 'came' | 'left'; users: UserRef[] }
  /** Somebody writes, or has stopped; without news for `LIMITS.typingMs` they have stopped too. */
  | { type: 'typing'; user: UserRef; typing: boolean }
  | { type: 'read'; userId: string; seq: number }
  | { type: 'room'; change: 'joined' | 'left'; user: UserRef; memberCount: number };

export type StreamState = 'listening' | 'paused' | 'recovering' | 'ended';

/** What `transcripts.live` delivers. */
export type CaptionEvent =
  | { type: 'partial' | 'final'; utterance: Utterance }
  | {
      type: 'stream';
      streamId: string;
      speaker: UserRef;
      state: StreamState;
      reason?: string;
      message?: string;
    };

/** What hears speech on this server, or why nothing does. */
export type EngineInfo =
  | { available: true; name: EngineName; label: string; description: string; languages: string[] | null }
  | { available: false; reason: string };

export type Page<T> = { items: T[]; hasMore: boolean };
