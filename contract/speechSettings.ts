import type { SpeechSettings } from './types.ts';

/** How a room is heard whose owner has not chosen otherwise. */
export const DEFAULT_SPEECH_SETTINGS: SpeechSettings = {
  languages: [],
  vocabulary: null,
  vocabularyFilter: null,
  filterMethod: 'mask',
  stability: 'high',
  redact: false,
  speakers: false,
};
