import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const START_MS = 60_000;
const POLL_MS = 50;

/** A database or bus server on this machine, with its files in a temporary directory. */
export type Daemon = AsyncDisposable & {
  port: number;
  /** Sends a signal: SIGSTOP freezes the server, SIGCONT lets it go on. */
  signal: (name: NodeJS.Signals) => void;
  /** Kills it with SIGKILL and waits for its end. */
  kill: () => Promise<void>;
  /** Starts it again on the same port, over the same files. */
  start: () => Promise<void>;
};

export type DaemonSpec = {
  name: string;
  command: (directory: string, port: number) => string[];
  /** Creates the files that the server needs. Runs once. */
  prepare?: (directory: string) => Promise<void>;
  /** Asks the server for an answer. @throws while the server does not answer yet. */
  ping: (port: number) => Promise<void>;
};

/** Starts a server on a free port and waits until it answers. @throws Error with its last error output. */
export async function startDaemon({ name, command, prepare, ping }: DaemonSpec): Promise<Daemon> {
  const directory = mkdtempSync(join(tmpdir(), `roomscribe-${name}-`));
  const port = await freePort();
  await prepare?.(directory);
  let child: ChildProcess | undefined;
  let exited: Promise<unknown> = Promise.resolve();

  const end = async (signal: NodeJS.Signals) => {
    child?.kill('SIGCONT');
    child?.kill(signal);
    await exited;
  };
  const daemon: Daemon = {
    port,
    signal: (signal) => void child?.kill(signal),
    kill: () => end('SIGKILL'),
    async start() {
      const [file = '', ...args] = command(directory, port);
      const started = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'] });
      const errorOutput: string[] = [];
      started.stderr.on('data', (part: Buffer) => errorOutput.push(part.toString()));
      child = started;
      exited = once(started, 'close');
      await waitForAnswer(started, () => ping(port)).catch((cause: unknown) => {
        throw new Error(`${name} did not start. It printed:\n${errorOutput.join('').slice(-2_000)}`, {
          cause,
        });
      });
    },
    async [Symbol.asyncDispose]() {
      await end('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    },
  };
  await daemon.start();
  return daemon;
}

/** @throws the last error of `ping`, if the process ends or does not answer within `START_MS`. */
async function waitForAnswer(child: ChildProcess, ping: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + START_MS;
  for (;;) {
    try {
      return await ping();
    } catch (error) {
      if (child.exitCode !== null || performance.now() > deadline) throw error;
      await sleep(POLL_MS);
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
