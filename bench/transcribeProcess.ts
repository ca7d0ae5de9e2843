import { fork } from 'node:child_process';
import { once } from 'node:events';
import { startTranscribeServer, TEST_CREDENTIALS } from '../server/transcriber/testing/transcribeServer.ts';

/**
 * The test double of Amazon Transcribe in a process of its own, so that its work is not counted as the server's.
 * @returns the environment that makes the SDK use it, and how to end it.
 */
export async function startTranscribeProcess(): Promise<{ env: NodeJS.ProcessEnv; stop: () => void }> {
  const child = fork(import.meta.filename);
  const [url] = (await once(child, 'message')) as [string];
  return {
    env: {
      SPEECH_ENGINE: 'aws',
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: TEST_CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: TEST_CREDENTIALS.secretAccessKey,
      AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING: url,
    },
    stop: () => void child.disconnect(),
  };
}

if (import.meta.main) {
  const server = await startTranscribeServer();
  process.send?.(server.url);
  process.once('disconnect', () => void server.close().then(() => process.exit()));
}
