import { LIMITS } from '../../../contract/limits.ts';
import { DEFAULT_SPEECH_SETTINGS } from '../../../contract/speechSettings.ts';
import type { SpeechSettings } from '../../../contract/types.ts';
import type { SpeechOptions } from '../transcriber.ts';

type LocalEngine = { label: string; languages: string[] };

/**
 * Says in a sentence for people why an engine on this machine cannot serve these options; null if it can. These engines
 * support none of a room's settings except its languages.
 */
export function localRefusal(options: SpeechOptions, { label, languages }: LocalEngine): string | null {
  const { language, sampleRate, settings = DEFAULT_SPEECH_SETTINGS } = options;
  if (!(sampleRate >= LIMITS.sampleRateMin && sampleRate <= LIMITS.sampleRateMax))
    return `${label} needs audio of ${LIMITS.sampleRateMin} to ${LIMITS.sampleRateMax} samples a second, not ${sampleRate}.`;
  const wanted = language === 'auto' ? settings.languages : [language];
  const known = [...languages, ...languages.map((tag) => tag.replace(/-.*/, ''))];
  const unknown = wanted.find((tag) => !known.includes(tag));
  if (unknown) return `${label} understands ${languages.join(' and ')} here, not ${unknown}.`;
  const unsupported = unsupportedSetting(settings);
  return unsupported && `${label} cannot ${unsupported}. The owner of the room can change its settings.`;
}

function unsupportedSetting({
  redact,
  vocabulary,
  vocabularyFilter,
  speakers,
}: SpeechSettings): string | null {
  if (redact) return 'leave out personal data';
  if (vocabulary) return 'use a vocabulary';
  if (vocabularyFilter) return 'filter words';
  return speakers ? 'tell several speakers apart' : null;
}
