import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { FAULT_TABLE } from '../server/transcriber/testing/transcribe/faultTable.ts';
import {
  startTranscribeServer,
  TEST_CREDENTIALS,
} from '../server/transcriber/testing/transcribe/transcribeServer.ts';
import { startPinned } from './fanout/pinned.ts';

/**
 * Starts the test double of Amazon Transcribe in a process of its own, so that its work does not count as the server's.
 * The process understands two messages. A row number of the fault table makes the next connection fail that way. `calls`
 * is answered with the number of calls so far.
 * @param core the core that it runs on; any core by default.
 * @param recognizer `none` costs the least processor time: see `scriptedRecognizer.ts`.
 * @returns the environment that makes the SDK use the test double, the process, and a function that ends it.
 */
export async function startTranscribeProcess(
  core?: number,
  recognizer: 'tone' | 'none' = 'tone',
): Promise<{ env: NodeJS.ProcessEnv; child: ChildProcess; stop: () => void }> {
  const file = import.meta.filename;
  const child = core === undefined ? fork(file, [recognizer]) : startPinned(core, [file, recognizer]);
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
  const server = await startTranscribeServer({
    recognizer: process.argv[2] === 'none' ? 'none' : 'tone',
    maxKeptStreams: Number.POSITIVE_INFINITY,
  });
  process.send?.(server.url);
  process.on('message', (message: number | 'calls') => {
    if (message === 'calls') process.send?.(server.streams.length);
    else server.setFault(FAULT_TABLE[message]?.fault, 1);
  });
  process.once('disconnect', () => void server.close().then(() => process.exit()));
}
