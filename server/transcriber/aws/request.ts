import type {
  AudioStream,
  LanguageCode,
  StartStreamTranscriptionCommandInput,
} from '@aws-sdk/client-transcribe-streaming';
import { DEFAULT_SPEECH_SETTINGS } from '../../../contract/speechSettings.ts';
import type { SpeechSettings } from '../../../contract/types.ts';
import type { SpeechOptions } from '../transcriber.ts';

/** What `auto` chooses from where a room does not say: one dialect a language. Amazon Transcribe wants two at least. */
export type Dialects = readonly [LanguageCode, LanguageCode, ...LanguageCode[]];

export function awsRequest(
  audio: AsyncIterable<AudioStream>,
  options: SpeechOptions,
  dialects: Dialects,
): StartStreamTranscriptionCommandInput {
  const { sampleRate, settings = DEFAULT_SPEECH_SETTINGS } = options;
  const { vocabularyFilter, filterMethod, stability, redact, speakers } = settings;
  // What is masked comes as finals only: to settle partials early would cost exactness for nothing.
  const stabilised = stability !== 'off' && !redact;
  return {
    ...languageRequest(languagesOf(options, dialects), settings),
    MediaEncoding: 'pcm',
    MediaSampleRateHertz: sampleRate,
    EnablePartialResultsStabilization: stabilised,
    PartialResultsStability: stabilised ? stability : undefined,
    VocabularyFilterMethod: vocabularyFilter === null ? undefined : filterMethod,
    // Without types, all personal data that the service knows of is masked.
    ContentRedactionType: redact ? 'PII' : undefined,
    ShowSpeakerLabel: speakers,
    AudioStream: audio,
  };
}

/**
 * Among several languages, all are identified and not only the dominant one: `IdentifyLanguage` settles on one within
 * seconds, and whoever then changes it, or was misheard at first, is misunderstood to the end of the stream.
 */
function languageRequest(languages: string[], { vocabulary, vocabularyFilter }: SpeechSettings) {
  const [Vocabulary, Filter] = [vocabulary ?? undefined, vocabularyFilter ?? undefined];
  return languages.length === 1
    ? { LanguageCode: languages[0] as LanguageCode, VocabularyName: Vocabulary, VocabularyFilterName: Filter }
    : {
        IdentifyMultipleLanguages: true,
        LanguageOptions: languages.join(','),
        VocabularyNames: Vocabulary,
        VocabularyFilterNames: Filter,
      };
}

/** The languages to listen for: one, or several to choose from. */
export function languagesOf({ language, settings }: SpeechOptions, dialects: Dialects): string[] {
  if (language !== 'auto') return [language];
  const chosen = [...new Set(settings?.languages)];
  return chosen.length > 0 ? chosen : [...dialects];
}
