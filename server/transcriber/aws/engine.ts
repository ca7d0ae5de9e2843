import type { TranscribeStreamingClientConfig } from '@aws-sdk/client-transcribe-streaming';
import type { SpeechEngine } from '../transcriber.ts';
import { createAwsClient } from './client.ts';
import { awsRequestHandler } from './connection.ts';
import { awsRefusal } from './refusal.ts';
import { AwsStream } from './stream.ts';

export type AwsOptions = {
  region: string;
  /** For tests. By default the SDK's own chain finds the credentials. */
  credentials?: TranscribeStreamingClientConfig['credentials'];
  /** For tests. By default the SDK uses AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING, or the region's endpoint. */
  endpoint?: string;
  /** See `AwsStreamSettings`. */
  answerTimeoutMs?: number;
  /** See `awsRequestHandler`. */
  pingMs?: number;
};

/** The service charges at least 15 seconds for every stream (Amazon Transcribe pricing). */
const MINIMUM_SECONDS = 15;
/** The service ends a stream that gets more audio than this (Amazon Transcribe guidelines and quotas). */
const LONGEST_SECONDS = 4 * 3_600;
/** Well below the default quota of 25 StartStreamTranscription calls a second, which other programs may use too. */
const STARTS_PER_SECOND = 10;

/** Amazon Transcribe streaming, through the AWS SDK. It opens no connection before the first stream. */
export function createAwsEngine({
  region,
  credentials,
  endpoint,
  answerTimeoutMs = 10_000,
  pingMs = 5_000,
}: AwsOptions): SpeechEngine {
  const client = createAwsClient({
    region,
    credentials,
    endpoint,
    requestHandler: awsRequestHandler(pingMs),
  });
  const settings = { client, answerTimeoutMs };

  return {
    name: 'aws',
    label: 'Amazon Transcribe',
    description: `Understands many languages well; the audio is sent to Amazon Web Services in ${region}.`,
    languages: null,
    features: ['auto', 'vocabulary', 'vocabularyFilter', 'stability', 'redact', 'speakers'],
    chunkMs: 100,
    longestSeconds: LONGEST_SECONDS,
    startsPerSecond: STARTS_PER_SECOND,
    refuses: awsRefusal,
    billedSeconds: (audioSeconds) =>
      audioSeconds > 0 ? Math.max(MINIMUM_SECONDS, Math.ceil(audioSeconds)) : 0,
    transcribe: (audio, options) => ({
      [Symbol.asyncIterator]() {
        const stream = new AwsStream(audio, options, settings);
        const events = stream.events();
        return {
          next: () => events.next(),
          // A generator answers `return()` only after its next event, so the stream must be cancelled first.
          return() {
            stream.cancel();
            return events.return();
          },
        };
      },
    }),
    async close() {
      client.destroy();
    },
  };
}
