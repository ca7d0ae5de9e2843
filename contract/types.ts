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
  /** How its speech is heard. */
  speech: SpeechSettings;
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

/** What of a room its owner can change, as everybody in it sees it. */
export type RoomSettings = Pick<Room, 'id' | 'name' | 'language' | 'speech'>;

export type Member = { user: UserRef; role: Role; joinedAt: string };

/** Times are seconds from the start of the speech stream's audio. */
export type Word = {
  text: string;
  start: number;
  end: number;
  confidence: number | null;
  /** Tells several people on one microphone apart, where the room asks for that: "0", "1", … */
  speaker?: string;
};

export type EngineName = 'aws' | 'sherpa' | 'pocketsphinx';

/**
 * Why nobody heard what was said: it was lost on its way to the server, no engine could be reached for longer than
 * audio is kept, or no place among the streams became free in that time.
 */
export type GapReason = 'network' | 'engine' | 'queue';

export type Speech = {
  streamId: string;
  startedAt: string;
  endedAt: string;
  language: string;
  confidence: number | null;
  words: Word[];
  engine: EngineName;
  /** Set where this is no utterance but a stretch that was not heard; its text is empty. */
  gap?: GapReason;
  /** What the engine heard, once the speaker has corrected the text. */
  original?: string;
};

/** How a room wants to be heard. What the engine cannot do is refused when somebody starts to speak. */
export type SpeechSettings = {
  /** What `auto` chooses from, one dialect a language; empty leaves it to the engine. */
  languages: string[];
  /** The name of a custom vocabulary that the operator has made at the engine. */
  vocabulary: string | null;
  /** The name of a vocabulary filter that the operator has made at the engine, and what it does to its words. */
  vocabularyFilter: string | null;
  filterMethod: 'mask' | 'remove' | 'tag';
  /** How early the words of a partial are settled: the higher, the sooner and the less exact. */
  stability: 'off' | 'low' | 'medium' | 'high';
  /** Masks personal data. Partials then do not leave the server: only finals are masked. */
  redact: boolean;
  /** Tells several people on one microphone apart. */
  speakers: boolean;
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
  /** As in `Speech`. */
  gap?: GapReason;
  original?: string;
};

/** What `messages.live` delivers. Only `message` and `reset` carry a rev; the others are not replayed. */
export type RoomEvent =
  | { type: 'message'; rev: number; message: Message }
  | { type: 'reset'; rev: number }
  /** `total` people are here; the first `LIMITS.presenceNames` of them are named. */
  | { type: 'presence'; change: 'all' | 'came' | 'left'; users: UserRef[]; total: number }
  /** Somebody writes, or has stopped; without news for `LIMITS.typingMs` they have stopped too. */
  | { type: 'typing'; user: UserRef; typing: boolean }
  | { type: 'read'; userId: string; seq: number }
  | { type: 'room'; change: 'joined' | 'left'; user: UserRef; memberCount: number }
  | { type: 'room'; change: 'updated'; room: RoomSettings };

export type StreamState = 'listening' | 'paused' | 'recovering' | 'ended';

/** What `transcripts.live` delivers. */
export type CaptionEvent =
  | { type: 'partial' | 'final'; utterance: Utterance }
  | {
      type: 'stream';
      streamId: string;
      speaker: UserRef;
      state: StreamState;
      /** Who listens, or will. */
      engine: EngineName;
      /**
       * `paused`: `silence` or `queued`. `recovering`: `network` while no audio comes, or why the engine is away.
       * `ended`: why.
       */
      reason?: string;
      message?: string;
      /** While `queued`: 1 is next. */
      place?: number;
    };

/** What an engine can do besides hearing. */
export type SpeechFeature = 'auto' | 'vocabulary' | 'vocabularyFilter' | 'stability' | 'redact' | 'speakers';

export type EngineRef = {
  name: EngineName;
  label: string;
  description: string;
  languages: string[] | null;
  features: SpeechFeature[];
};

/** Minutes of speech that a room may have heard in a day (UTC), and how many it has. */
export type SpeechBudget = { minutes: number; usedMinutes: number };

/** What hears speech on this server, or why nothing does. */
export type EngineInfo =
  | (EngineRef & {
      available: true;
      /** Takes over when the first stays away. */
      fallback: EngineRef | null;
      /** Of the room that was asked about; null without a limit. */
      budget: SpeechBudget | null;
    })
  | { available: false; reason: string };

export type Page<T> = { items: T[]; hasMore: boolean };
