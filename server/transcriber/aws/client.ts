import {
  TranscribeStreamingClient,
  type TranscribeStreamingClientConfig,
} from '@aws-sdk/client-transcribe-streaming';
import { AwsSha256 } from './sha256.ts';

/** Without a logger, the SDK also writes errors to the console. The caller gets them all and logs them. */
const QUIET = { debug() {}, info() {}, warn() {}, error() {} };

/** The SDK's client, with the settings that a stream of live audio needs. It never retries and never logs. */
export function createAwsClient(config: TranscribeStreamingClientConfig): TranscribeStreamingClient {
  return new TranscribeStreamingClient({
    ...config,
    logger: QUIET,
    sha256: AwsSha256,
    // A retry is impossible: the audio that was sent is gone.
    maxAttempts: 1,
    // The SDK mistakes the time until the first event for a clock error. After 5 minutes of silence it would sign with
    // a wrong date, and the service would refuse the audio.
    disableClockSkewCorrection: true,
  });
}
