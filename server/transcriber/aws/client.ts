import {
  TranscribeStreamingClient,
  type TranscribeStreamingClientConfig,
} from '@aws-sdk/client-transcribe-streaming';
import { AwsSha256 } from './sha256.ts';

/** Whatever fails is thrown to the caller, who logs it. Without a logger the SDK writes to the console as well. */
const QUIET = { debug() {}, info() {}, warn() {}, error() {} };

export function createAwsClient(config: TranscribeStreamingClientConfig): TranscribeStreamingClient {
  return new TranscribeStreamingClient({
    ...config,
    logger: QUIET,
    sha256: AwsSha256,
    // Audio cannot be sent twice from here.
    maxAttempts: 1,
    // It takes the time until the first word for a wrong clock: after 5 minutes of silence it would sign wrongly.
    disableClockSkewCorrection: true,
  });
}
