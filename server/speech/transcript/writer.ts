import type { Utterance } from '../../../contract/types.ts';

/** Writes a transcript, utterance after utterance in the order in which they began; each call answers the next of its text. */
export type TranscriptWriter = {
  begin: () => string;
  add: (utterance: Utterance) => string;
  end: () => string;
};

/** What a transcript is of. */
export type TranscriptSubject = {
  room: { id: string; name: string };
  /** Where it was asked to begin: subtitles count from here, or else from the first utterance. */
  from: Date | undefined;
  /** The zone (IANA) of the times that people read. */
  timeZone: string;
};
