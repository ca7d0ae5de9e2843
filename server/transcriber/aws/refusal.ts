import { LanguageCode } from '@aws-sdk/client-transcribe-streaming';
import { LIMITS } from '../../../contract/limits.ts';
import { DEFAULT_SPEECH_SETTINGS } from '../../../contract/speechSettings.ts';
import type { SpeechSettings } from '../../../contract/types.ts';
import type { SpeechOptions } from '../transcriber.ts';
import { type Dialects, languagesOf } from './request.ts';

/** Developer guide, "Redacting or identifying PII in a real-time stream". */
const MASKED_LANGUAGES = ['en-AU', 'en-GB', 'en-US', 'es-US'];
/** Developer guide, "Identifying the dominant languages in your media". */
const NEVER_IDENTIFIED = ['sv-SE', 'vi-VN'];
/** API reference, `VocabularyName` and `VocabularyFilterName`. */
const NAME = /^[0-9a-zA-Z._-]{1,200}$/;

/** Why Amazon Transcribe would not take these options; null if it would. */
export function awsRefuses(options: SpeechOptions, dialects: Dialects): string | null {
  const { sampleRate, settings = DEFAULT_SPEECH_SETTINGS } = options;
  const languages = languagesOf(options, dialects);
  if (sampleRate < LIMITS.sampleRateMin || sampleRate > LIMITS.sampleRateMax) {
    return `Amazon Transcribe takes ${LIMITS.sampleRateMin} to ${LIMITS.sampleRateMax} samples a second, not ${sampleRate}.`;
  }
  return refusesLanguages(languages) ?? refusesMask(languages, settings) ?? refusesNames(settings);
}

function refusesLanguages(languages: string[]): string | null {
  const unknown = languages.find((language) => !(Object.values(LanguageCode) as string[]).includes(language));
  if (unknown) return `Amazon Transcribe does not understand the language ${unknown}.`;
  if (languages.length === 1) return null;
  const lonely = languages.find((language) => NEVER_IDENTIFIED.includes(language));
  if (lonely) return `Amazon Transcribe cannot tell ${lonely} from other languages. Choose one language.`;
  const [twice] = Map.groupBy(languages, (language) => language.split('-')[0])
    .values()
    .filter(isSeveral);
  return twice
    ? `Amazon Transcribe cannot tell the dialects ${twice.join(' and ')} apart. Choose one of them.`
    : null;
}

function refusesMask(languages: string[], { redact }: SpeechSettings): string | null {
  if (!redact) return null;
  const [language = ''] = languages;
  if (isSeveral(languages)) {
    return 'Amazon Transcribe cannot mask personal data where it has to find out the language. Choose one language.';
  }
  return MASKED_LANGUAGES.includes(language)
    ? null
    : `Amazon Transcribe can mask personal data in ${MASKED_LANGUAGES.join(', ')} only, not in ${language}.`;
}

function refusesNames({ vocabulary, vocabularyFilter }: SpeechSettings): string | null {
  const wrong = [vocabulary, vocabularyFilter].find((name) => name !== null && !NAME.test(name));
  return wrong === undefined
    ? null
    : `No vocabulary or filter of Amazon Transcribe can be named “${wrong}”: only letters without accents, digits, dots, hyphens and underscores.`;
}

function isSeveral(languages: string[]): boolean {
  return languages.length > 1;
}
