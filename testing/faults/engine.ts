import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Fault } from '../../server/transcriber/testing/transcribe/faults.ts';
import {
  startTranscribeServer,
  TEST_CREDENTIALS,
} from '../../server/transcriber/testing/transcribe/transcribeServer.ts';

/** The test double of Amazon Transcribe in a process of its own. It recognises spoken numbers. */
export type Engine = AsyncDisposable & {
  /** The environment that makes a server use it. */
  env: NodeJS.ProcessEnv;
  /** Kills it with SIGKILL and waits for its end. */
  kill: () => Promise<void>;
  /** Starts it again on the same port. */
  start: () => Promise<void>;
  /** Sends a signal: SIGSTOP freezes it, SIGCONT lets it go on. */
  signal: (name: NodeJS.Signals) => void;
  /** Breaks all calls and answers each new one in this way. Without a fault it answers as it should. */
  answer: (fault?: Fault) => void;
};

export async function startEngine(): Promise<Engine> {
  let port = 0;
  let child: ChildProcess;
  const start = async () => {
    child = fork(import.meta.filename, [String(port)]);
    const [url] = (await once(child, 'message')) as [string];
    port = Number(new URL(url).port);
  };
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  await start();
  return {
    env: {
      ...{ SPEECH_ENGINE: 'aws', AWS_REGION: 'us-east-1' },
      AWS_ACCESS_KEY_ID: TEST_CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: TEST_CREDENTIALS.secretAccessKey,
      AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING: `http://127.0.0.1:${port}`,
    },
    kill,
    start,
    signal: (name) => void child.kill(name),
    answer: (fault) => void child.send({ fault }),
    [Symbol.asyncDispose]: kill,
  };
}

if (import.meta.main) {
  const server = await startTranscribeServer({ port: Number(process.argv[2]), recognizer: 'numbers' });
  process.send?.(server.url);
  process.on('message', ({ fault }: { fault?: Fault }) => {
    server.setFault(fault);
    if (fault) server.cut();
  });
  process.once('disconnect', () => process.exit());
}
