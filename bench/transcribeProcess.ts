import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Fault } from '../server/transcriber/testing/faults.ts';
import { startTranscribeServer, TEST_CREDENTIALS } from '../server/transcriber/testing/transcribeServer.ts';
import { startPinned } from './fanout/pinned.ts';

/**
 * The test double of Amazon Transcribe in a process of its own, so that its work is not counted as the server's.
 * @param core where it may run; anywhere by default.
 * @returns the environment that makes the SDK use it, the process, which takes faults as messages, and how to end it.
 */
export async function startTranscribeProcess(
  core?: number,
): Promise<{ env: NodeJS.ProcessEnv; child: ChildProcess; stop: () => void }> {
  const file = import.meta.filename;
  const child = core === undefined ? fork(file) : startPinned(core, [file]);
  const [url] = (await once(child, 'message')) as [string];
  return {
    env: {
      SPEECH_ENGINE: 'aws',
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: TEST_CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: TEST_CREDENTIALS.secretAccessKey,
      AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING: url,
    },
    child,
    stop: () => void child.disconnect(),
  };
}

if (import.meta.main) {
  const server = await startTranscribeServer();
  process.send?.(server.url);
  process.on('message', (fault: Fault) => server.setFault(fault));
  process.once('disconnect', () => void server.close().then(() => process.exit()));
}
