import type {
  AudioStream,
  LanguageCode,
  StartStreamTranscriptionCommandInput,
} from '@aws-sdk/client-transcribe-streaming';
import { DEFAULT_SPEECH_SETTINGS } from '../../../contract/speechSettings.ts';
import type { SpeechSettings } from '../../../contract/types.ts';
import type { SpeechOptions } from '../transcriber.ts';

/** The languages behind `auto` where a room names none: one dialect a language. The service needs at least two. */
const AUTO_LANGUAGES = ['ko-KR', 'en-US'];

/** The StartStreamTranscription input for these options. `auto` becomes the room's languages, else `AUTO_LANGUAGES`. */
export function awsRequest(
  audio: AsyncIterable<AudioStream>,
  options: SpeechOptions,
): StartStreamTranscriptionCommandInput {
  const { sampleRate, settings = DEFAULT_SPEECH_SETTINGS } = options;
  const { vocabularyFilter, filterMethod, stability, redact, speakers } = settings;
  // A masked stream emits finals only. Stable partials would cost accuracy, and nobody would see them.
  const stabilised = stability !== 'off' && !redact;
  return {
    ...languageRequest(languagesOf(options), settings),
    MediaEncoding: 'pcm',
    MediaSampleRateHertz: sampleRate,
    EnablePartialResultsStabilization: stabilised,
    PartialResultsStability: stabilised ? stability : undefined,
    VocabularyFilterMethod: vocabularyFilter === null ? undefined : filterMethod,
    // We send no list of types, so the service masks all personal data that it knows of.
    ContentRedactionType: redact ? 'PII' : undefined,
    ShowSpeakerLabel: speakers,
    AudioStream: audio,
  };
}

/**
 * Several languages use `IdentifyMultipleLanguages`. `IdentifyLanguage` would settle on one language within seconds:
 * a speaker who changes the language later, or whose language was guessed wrongly, would be misunderstood to the end.
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

/** The languages that the service may recognise: one, or several from which it chooses for each utterance. */
export function languagesOf({ language, settings }: SpeechOptions): string[] {
  if (language !== 'auto') return [language];
  const chosen = [...new Set(settings?.languages)];
  return chosen.length > 0 ? chosen : AUTO_LANGUAGES;
}
