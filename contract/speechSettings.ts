import type { SpeechSettings } from './types.ts';

/** The speech settings of a room whose owner has not chosen any. */
export const DEFAULT_SPEECH_SETTINGS: SpeechSettings = {
  languages: [],
  vocabulary: null,
  vocabularyFilter: null,
  filterMethod: 'mask',
  stability: 'high',
  redact: false,
  speakers: false,
};
