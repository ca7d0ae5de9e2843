import type { Identity } from './auth/identity.ts';
import type { Messages } from './chat/messages.ts';
import type { Rooms } from './chat/rooms.ts';
import type { Signals } from './chat/signals.ts';
import type { Work } from './flow/work.ts';
import type { Speech } from './speech/speech.ts';
import type { Transcripts } from './speech/transcript/transcripts.ts';

/** The functions of the domain that every transport calls: tRPC and REST share them. */
export type Services = {
  identity: Identity;
  rooms: Rooms;
  messages: Messages;
  signals: Signals;
  speech: Speech;
  transcripts: Transcripts;
  /** The queues in which calls wait for their turn. */
  work: Work;
};
