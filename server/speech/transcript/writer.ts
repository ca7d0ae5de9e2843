import type { Utterance } from '../../../contract/types.ts';

/** Writes a transcript. Utterances are added in the order of their starts. Each call returns the next part of it. */
export type TranscriptWriter = {
  begin: () => string;
  add: (utterance: Utterance) => string;
  end: () => string;
};

/** The room of a transcript, and how its times are written. */
export type TranscriptSubject = {
  room: { id: string; name: string };
  /** The requested start. Subtitles count time from here, or else from the first utterance. */
  from: Date | undefined;
  /** The IANA time zone of the times in plain text. */
  timeZone: string;
};
