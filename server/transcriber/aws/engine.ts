import type { TranscribeStreamingClientConfig } from '@aws-sdk/client-transcribe-streaming';
import type { SpeechEngine } from '../transcriber.ts';
import { createAwsClient } from './client.ts';
import { awsRequestHandler } from './connection.ts';
import { awsRefuses } from './refusal.ts';
import type { Dialects } from './request.ts';
import { AwsStream } from './stream.ts';

export type AwsOptions = {
  region: string;
  /** Given by tests; otherwise the SDK's own chain finds them. */
  credentials?: TranscribeStreamingClientConfig['credentials'];
  /** Given by tests; otherwise the SDK's own: the region's, or AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING. */
  endpoint?: string;
  dialects?: Dialects;
  /** See `AwsStreamSettings`. */
  patienceMs?: number;
  /** See `awsRequestHandler`. */
  pingMs?: number;
};

/** The service charges every stream for 15 seconds at least (Amazon Transcribe pricing). */
const MINIMUM_SECONDS = 15;
/** After this much it ends a stream (Amazon Transcribe guidelines and quotas). */
const LONGEST_SECONDS = 4 * 3_600;

export function createAwsEngine({
  region,
  credentials,
  endpoint,
  dialects = ['ko-KR', 'en-US'],
  patienceMs = 10_000,
  pingMs = 5_000,
}: AwsOptions): SpeechEngine {
  const client = createAwsClient({
    region,
    credentials,
    endpoint,
    requestHandler: awsRequestHandler(pingMs),
  });
  const settings = { client, dialects, patienceMs };

  return {
    name: 'aws',
    label: 'Amazon Transcribe',
    description: `Hears many languages well; the audio is sent to Amazon Web Services in ${region}.`,
    languages: null,
    features: ['auto', 'vocabulary', 'vocabularyFilter', 'stability', 'redact', 'speakers'],
    chunkMs: 100,
    longestSeconds: LONGEST_SECONDS,
    refuses: (options) => awsRefuses(options, dialects),
    billedSeconds: (audioSeconds) =>
      audioSeconds > 0 ? Math.max(MINIMUM_SECONDS, Math.ceil(audioSeconds)) : 0,
    transcribe: (audio, options) => ({
      [Symbol.asyncIterator]() {
        const stream = new AwsStream(audio, options, settings);
        const events = stream.events();
        return {
          next: () => events.next(),
          // A generator that waits would answer `return()` only after its next event.
          return() {
            stream.leave();
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
