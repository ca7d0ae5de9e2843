import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { FAULT_TABLE } from '../server/transcriber/testing/transcribe/faultTable.ts';
import {
  startTranscribeServer,
  TEST_CREDENTIALS,
} from '../server/transcriber/testing/transcribe/transcribeServer.ts';
import { startPinned } from './fanout/pinned.ts';

/**
 * The test double of Amazon Transcribe in a process of its own, so that its work is not counted as the server's.
 * @param core where it may run; anywhere by default.
 * @param recognizer `none` costs least: see `scriptedRecognizer.ts`.
 * @returns the environment that makes the SDK use it, the process, and how to end it. The number of a row of the fault
 * table, sent to the process, strikes the next connection; `calls` is answered with how many there have been.
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
    remembers: Number.POSITIVE_INFINITY,
  });
  process.send?.(server.url);
  process.on('message', (order: number | 'calls') => {
    if (order === 'calls') process.send?.(server.streams.length);
    else server.setFault(FAULT_TABLE[order]?.fault, 1);
  });
  process.once('disconnect', () => void server.close().then(() => process.exit()));
}
