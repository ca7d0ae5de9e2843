import { DEFAULT_SPEECH_SETTINGS } from '../../../contract/speechSettings.ts';
import type { SpeechSettings } from '../../../contract/types.ts';
import type { SpeechOptions } from '../transcriber.ts';

type LocalEngine = { label: string; languages: string[] };

/**
 * Why an engine that runs on this machine cannot hear as a room wants it, in a sentence for people; null if it can. Of
 * what a room may ask for these engines do nothing: they leave no words out and know no voices.
 */
export function localRefusal(options: SpeechOptions, { label, languages }: LocalEngine): string | null {
  const { language, settings = DEFAULT_SPEECH_SETTINGS } = options;
  const wanted = language === 'auto' ? settings.languages : [language];
  const known = [...languages, ...languages.map((tag) => tag.replace(/-.*/, ''))];
  const unknown = wanted.find((tag) => !known.includes(tag));
  if (unknown) return `${label} understands ${languages.join(' and ')} here, not ${unknown}.`;
  const undone = undoneOf(settings);
  return undone && `${label} cannot ${undone}. The owner of the room can change its settings.`;
}

function undoneOf({ redact, vocabulary, vocabularyFilter, speakers }: SpeechSettings): string | null {
  if (redact) return 'leave out personal data';
  if (vocabulary) return 'use a vocabulary';
  if (vocabularyFilter) return 'filter words';
  return speakers ? 'tell several speakers apart' : null;
}
