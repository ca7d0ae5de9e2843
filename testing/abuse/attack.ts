/** The server under attack, and what stands in its database. @see fillDatabase */
export type Target = {
  url: string;
  /** The attacker's session; undefined for nobody. */
  token: string | undefined;
  /** A public room with many messages, typed and spoken. */
  longRoomId: string;
  /** A public room whose newest page is about 2.4 MB. */
  largeRoomId: string;
  /** The room in which honest people send and listen. */
  busyRoomId: string;
  /** Aborts at the end of the attack. */
  signal: AbortSignal;
};

/** A connection with a request under way takes 20 to 60 KB, and a thousand of them are no more than a school opens. */
export const THOUSAND_CONNECTIONS_MIB = 100;

/** One client against all the others, with no more requests than one laptop can make. */
export type Attack = {
  name: string;
  /** Nobody has no session. A guest is in no room. A user is a member of the rooms of the target. */
  person: 'nobody' | 'guest' | 'user';
  /** How much memory the server may hold for it; 20 MiB by default. Many open connections may take more. */
  boundMiB?: number;
  /** Whether the server needs a speech engine. */
  needsSpeech?: boolean;
  /** Attacks until the signal aborts, and leaves nothing open. A refusal of the server does not end it. */
  run: (target: Target) => Promise<void>;
};
