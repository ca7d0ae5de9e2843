/** The shapes on the wire. Dates are ISO 8601 strings, ids are opaque strings. */

export type User = { id: string; name: string; kind: 'guest' | 'member' | 'service' };

/** The part of a user that other people see. */
export type UserRef = Pick<User, 'id' | 'name'>;

export type Role = 'owner' | 'member';
export type Visibility = 'public' | 'private';

export type Room = {
  id: string;
  name: string;
  visibility: Visibility;
  /** The language that people speak in this room, a BCP 47 tag. With `auto` the engine detects it. */
  language: string;
  /** How engines recognise speech in this room. */
  speech: SpeechSettings;
  createdAt: string;
  archivedAt: string | null;
  lastSeq: number;
  rev: number;
  memberCount: number;
  /** The caller's role in this room; null if the caller has not joined. */
  role: Role | null;
  /** How many messages came after the last one that the caller read or wrote; null if the caller has not joined. */
  unread: number | null;
};

/** The part of a room that its owner can change and that everybody in it sees. */
export type RoomSettings = Pick<Room, 'id' | 'name' | 'language' | 'speech'>;

export type Member = { user: UserRef; role: Role; joinedAt: string };

/** One recognised word. Times are seconds from the start of the speech stream's audio. */
export type Word = {
  text: string;
  start: number;
  end: number;
  confidence: number | null;
  /** Which of several people on one microphone spoke: "0", "1", … Only if the room asks for speakers. */
  speaker?: string;
};

/**
 * A place in the audio of a speech stream, in the numbers of its chunks: before sample `samples` of chunk `seq`. Both
 * count from 0.
 */
export type AudioPlace = { seq: number; samples: number };

export type EngineName = 'aws' | 'sherpa' | 'pocketsphinx';

/**
 * Why a gap was not heard. `network`: the audio did not reach the server. `engine`: no engine was reachable for longer
 * than the server keeps audio. `queue`: no engine had a free stream for that long.
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
  /** Set if this is a gap, which was said but not heard. The text of a gap is empty. */
  gap?: GapReason;
  /** The text that the engine recognised. Set once the speaker has corrected it. */
  original?: string;
};

/** How engines recognise speech in a room. An engine that lacks a feature refuses it when somebody starts to speak. */
export type SpeechSettings = {
  /** The languages that `auto` chooses from, one dialect of each. With an empty list the engine chooses. */
  languages: string[];
  /** The name of a custom vocabulary that the operator has created at the engine. */
  vocabulary: string | null;
  /** The name of a vocabulary filter that the operator has created at the engine. */
  vocabularyFilter: string | null;
  /** The filter's effect on the words it lists. */
  filterMethod: 'mask' | 'remove' | 'tag';
  /** How early the words of a partial become stable. A higher stability is faster and less exact. */
  stability: 'off' | 'low' | 'medium' | 'high';
  /** Masks personal data. The engine masks only finals, so the server then sends no partials. */
  redact: boolean;
  /** Distinguishes several people on one microphone. */
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
  /** The id that the sender chose for the message; null for speech. */
  clientId: string | null;
  text: string | null;
  replyTo: string | null;
  /** The ids of the members that it mentions. */
  mentions: string[];
  /** In the order of their first use. */
  reactions: Reaction[];
  createdAt: string;
  editedAt: string | null;
  deletedAt: string | null;
  speech: Speech | null;
};

/** One stretch of speech of one speaker. Its id stays the same from the first partial to the final. */
export type Utterance = {
  id: string;
  streamId: string;
  roomId: string;
  speaker: UserRef;
  text: string;
  /** How many characters (UTF-16 units) at the start of `text` will not change again. */
  stableChars: number;
  language: string;
  startedAt: string;
  endedAt: string | null;
  confidence: number | null;
  words: Word[];
  engine: EngineName;
  /** Its place in the timeline; null while it is a partial. */
  seq: number | null;
  /** `gap` and `original` mean the same as in `Speech`. */
  gap?: GapReason;
  original?: string;
};

/** The events of `messages.live`. Only `message` and `reset` carry a rev. The server does not replay the others. */
export type RoomEvent =
  | { type: 'message'; rev: number; message: Message }
  | { type: 'reset'; rev: number }
  /** `total` people are in the room. `users` names the first `LIMITS.presenceNames` of them. */
  | { type: 'presence'; change: 'all' | 'came' | 'left'; users: UserRef[]; total: number }
  /** A user types, or has stopped. A user whose event is not repeated within `LIMITS.typingMs` has stopped too. */
  | { type: 'typing'; user: UserRef; typing: boolean }
  | { type: 'read'; userId: string; seq: number }
  | { type: 'room'; change: 'joined' | 'left'; user: UserRef; memberCount: number }
  | { type: 'room'; change: 'role'; user: UserRef; role: Role }
  | { type: 'room'; change: 'updated'; room: RoomSettings };

export type StreamState = 'listening' | 'paused' | 'recovering' | 'ended';

/** The events of `transcripts.live`. */
export type CaptionEvent = UtteranceEvent | StreamEvent;

export type UtteranceEvent = { type: 'partial' | 'final'; utterance: Utterance };

export type StreamEvent = {
  type: 'stream';
  streamId: string;
  speaker: UserRef;
  state: StreamState;
  /** The engine that recognises the stream, now or when its turn comes. */
  engine: EngineName;
  /**
   * Why the stream is in this state. `paused`: `silence` or `queued`. `recovering`: `network` while no audio arrives, or
   * the engine's failure. `ended`: `server_lost` if the process of the stream died.
   */
  reason?: string;
  message?: string;
  /** The place in the queue while `queued`; 1 is next. */
  place?: number;
};

/** The features of an engine besides plain recognition. */
export type SpeechFeature = 'auto' | 'vocabulary' | 'vocabularyFilter' | 'stability' | 'redact' | 'speakers';

export type EngineRef = {
  name: EngineName;
  label: string;
  description: string;
  languages: string[] | null;
  features: SpeechFeature[];
};

/** How many minutes of speech a room may have recognised in a day (UTC), and how many it has used. */
export type SpeechBudget = { minutes: number; usedMinutes: number };

/** The engine that recognises speech on this server, or why there is none. */
export type EngineInfo =
  | (EngineRef & {
      available: true;
      /** The engine that takes over if the first one stays unavailable. */
      fallback: EngineRef | null;
      /** The budget of the room in the query; null if it has no limit. */
      budget: SpeechBudget | null;
    })
  | { available: false; reason: string };

export type Page<T> = { items: T[]; hasMore: boolean };
