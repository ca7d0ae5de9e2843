import type { TranscribeStreamingClientConfig } from '@aws-sdk/client-transcribe-streaming';
import { createAwsClient } from './awsClient.ts';
import { awsRefuses, type Dialects } from './awsRequest.ts';
import { AwsStream } from './awsStream.ts';
import type { SpeechEngine } from './transcriber.ts';

export type AwsOptions = {
  region: string;
  /** Given by tests; otherwise the SDK's own chain finds them. */
  credentials?: TranscribeStreamingClientConfig['credentials'];
  /** Given by tests; otherwise the SDK's own: the region's, or AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING. */
  endpoint?: string;
  dialects?: Dialects;
  connectTimeoutMs?: number;
  /** A connection on which nothing moves for this long is dead. Audio may pause for nearly as long. */
  idleTimeoutMs?: number;
};

/** The service charges every stream for 15 seconds at least (Amazon Transcribe pricing). */
const MINIMUM_SECONDS = 15;

export function createAwsEngine({
  region,
  credentials,
  endpoint,
  dialects = ['ko-KR', 'en-US'],
  connectTimeoutMs = 10_000,
  idleTimeoutMs = 14_000,
}: AwsOptions): SpeechEngine {
  const client = createAwsClient({
    region,
    credentials,
    endpoint,
    requestHandler: { sessionTimeout: idleTimeoutMs, disableConcurrentStreams: true },
  });
  const settings = { client, dialects, connectTimeoutMs };

  return {
    name: 'aws',
    label: 'Amazon Transcribe',
    description: `Hears many languages well; the audio is sent to Amazon Web Services in ${region}.`,
    languages: null,
    features: ['auto', 'stability'],
    chunkMs: 100,
    longestSeconds: null,
    refuses: awsRefuses,
    billedSeconds: (audioSeconds) =>
      audioSeconds > 0 ? Math.max(MINIMUM_SECONDS, Math.ceil(audioSeconds)) : 0,
    transcribe: (audio, options) => ({
      [Symbol.asyncIterator]() {
        const left = new AbortController();
        const signal = AbortSignal.any([options.signal, left.signal]);
        const events = new AwsStream(audio, { ...options, signal }, settings).events();
        return {
          next: () => events.next(),
          // A generator that waits would answer `return()` only after its next event.
          return() {
            left.abort();
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
