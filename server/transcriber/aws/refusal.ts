import { LanguageCode } from '@aws-sdk/client-transcribe-streaming';
import { LIMITS } from '../../../contract/limits.ts';
import { DEFAULT_SPEECH_SETTINGS } from '../../../contract/speechSettings.ts';
import type { SpeechSettings } from '../../../contract/types.ts';
import type { SpeechOptions } from '../transcriber.ts';
import { languagesOf } from './request.ts';

/** Developer guide, "Redacting or identifying PII in a real-time stream". */
const MASKED_LANGUAGES = ['en-AU', 'en-GB', 'en-US', 'es-US'];
/** Developer guide, "Identifying the dominant languages in your media". */
const NEVER_IDENTIFIED = ['sv-SE', 'vi-VN'];
/** API reference, `VocabularyName` and `VocabularyFilterName`. */
const NAME = /^[0-9a-zA-Z._-]{1,200}$/;

/** Says in a sentence for people why Amazon Transcribe does not accept these options; null if it does. */
export function awsRefusal(options: SpeechOptions): string | null {
  const { sampleRate, settings = DEFAULT_SPEECH_SETTINGS } = options;
  const languages = languagesOf(options);
  if (sampleRate < LIMITS.sampleRateMin || sampleRate > LIMITS.sampleRateMax) {
    return `Amazon Transcribe needs audio of ${LIMITS.sampleRateMin} to ${LIMITS.sampleRateMax} samples a second, not ${sampleRate}.`;
  }
  return languageRefusal(languages) ?? maskRefusal(languages, settings) ?? nameRefusal(settings);
}

function languageRefusal(languages: string[]): string | null {
  const unknown = languages.find((language) => !(Object.values(LanguageCode) as string[]).includes(language));
  if (unknown) return `Amazon Transcribe does not understand the language ${unknown}.`;
  if (languages.length === 1) return null;
  const unidentifiable = languages.find((language) => NEVER_IDENTIFIED.includes(language));
  if (unidentifiable)
    return `Amazon Transcribe cannot tell ${unidentifiable} from other languages. Choose one language.`;
  const [dialects] = Map.groupBy(languages, (language) => language.split('-')[0])
    .values()
    .filter(isSeveral);
  return dialects
    ? `Amazon Transcribe cannot tell the dialects ${dialects.join(' and ')} apart. Choose one of them.`
    : null;
}

function maskRefusal(languages: string[], { redact }: SpeechSettings): string | null {
  if (!redact) return null;
  const [language = ''] = languages;
  if (isSeveral(languages)) {
    return 'Amazon Transcribe cannot mask personal data while it also detects the language. Choose one language.';
  }
  return MASKED_LANGUAGES.includes(language)
    ? null
    : `Amazon Transcribe can mask personal data in ${MASKED_LANGUAGES.join(', ')} only, not in ${language}.`;
}

function nameRefusal({ vocabulary, vocabularyFilter }: SpeechSettings): string | null {
  const wrong = [vocabulary, vocabularyFilter].find((name) => name !== null && !NAME.test(name));
  return wrong === undefined
    ? null
    : `No vocabulary or filter of Amazon Transcribe can be named “${wrong}”: only letters without accents, digits, dots, hyphens and underscores.`;
}

function isSeveral(languages: string[]): boolean {
  return languages.length > 1;
}
