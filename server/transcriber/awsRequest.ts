import {
  type AudioStream,
  LanguageCode,
  type StartStreamTranscriptionCommandInput,
} from '@aws-sdk/client-transcribe-streaming';
import { LIMITS } from '../contract/limits.ts';
import type { SpeechOptions } from './transcriber.ts';

/** What `auto` chooses from: one dialect a language. Amazon Transcribe wants two at least. */
export type Dialects = readonly [LanguageCode, LanguageCode, ...LanguageCode[]];

export function awsRequest(
  audio: AsyncIterable<AudioStream>,
  { language, sampleRate }: SpeechOptions,
  dialects: Dialects,
): StartStreamTranscriptionCommandInput {
  return {
    ...(isLanguage(language)
      ? { LanguageCode: language }
      : { IdentifyLanguage: true, LanguageOptions: dialects.join(',') }),
    MediaEncoding: 'pcm',
    MediaSampleRateHertz: sampleRate,
    EnablePartialResultsStabilization: true,
    PartialResultsStability: 'high',
    AudioStream: audio,
  };
}

/** Why Amazon Transcribe would not take these options; null if it would. */
export function awsRefuses({ language, sampleRate }: SpeechOptions): string | null {
  if (language !== 'auto' && !isLanguage(language)) {
    return `Amazon Transcribe does not understand the language ${language}.`;
  }
  if (sampleRate < LIMITS.sampleRateMin || sampleRate > LIMITS.sampleRateMax) {
    return `Amazon Transcribe takes ${LIMITS.sampleRateMin} to ${LIMITS.sampleRateMax} samples a second, not ${sampleRate}.`;
  }
  return null;
}

function isLanguage(language: string): language is LanguageCode {
  return (Object.values(LanguageCode) as string[]).includes(language);
}
