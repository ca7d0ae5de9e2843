import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');

export type ServerProcess = {
  url: string;
  port: number;
  child: ChildProcess;
  /** Everything that the server has printed to stdout so far. */
  printed: () => string;
  /** Milliseconds from the start of the process to the line with its address. */
  listeningAfterMs: number;
  /** Resident memory in MiB (Linux). */
  memoryMiB: () => number;
  /** Sends the signal (SIGTERM by default) and waits. @returns the exit code; null if the signal ended the process. */
  stop: (signal?: NodeJS.Signals) => Promise<number | null>;
};

/** Makes a temporary directory for an SQLite database. `remove` deletes the directory. */
export function temporaryDatabase(): { url: string; remove: () => void } {
  const directory = mkdtempSync(join(tmpdir(), 'roomscribe-'));
  return {
    url: `sqlite:${join(directory, 'rooms.sqlite')}`,
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/**
 * Starts the real server in a process of its own and waits until it listens.
 * @param env needs DATABASE_URL; without PORT the server takes a free port.
 * @param options `app` is the checkout whose server is started; this one by default.
 * @throws Error with the server's output if it ends before it listens.
 */
export async function startServerProcess(
  env: NodeJS.ProcessEnv,
  { app = ROOT, nodeOptions = [] }: { app?: string; nodeOptions?: string[] } = {},
): Promise<ServerProcess> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [...nodeOptions, join(app, 'server/main.ts')], {
    env: { ...process.env, NODE_ENV: 'development', PORT: '0', LOG_LEVEL: 'error', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const { url, printed } = await addressOf(child);
  return {
    url,
    port: Number(new URL(url).port),
    child,
    printed,
    listeningAfterMs: performance.now() - startedAt,
    memoryMiB: () => residentKiB(child.pid as number) / 1_024,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      const [code] = await exited;
      return code;
    },
  };
}

function addressOf(child: ChildProcess): Promise<{ url: string; printed: () => string }> {
  let text = '';
  const { promise, resolve, reject } = Promise.withResolvers<{ url: string; printed: () => string }>();
  child.stdout?.on('data', (part: Buffer) => {
    text += part.toString();
    const [, url] = /^Roomscribe +(\S+)$/m.exec(text) ?? [];
    if (url && /^Speech /m.test(text)) resolve({ url, printed: () => text });
  });
  child.once('exit', (code) =>
    reject(new Error(`The server ended with code ${code} before it listened. It printed: ${text}`)),
  );
  return promise;
}

function residentKiB(pid: number): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib);
}
