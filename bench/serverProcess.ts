import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');

export type ServerProcess = {
  url: string;
  /** From spawning the process to the line with its address. */
  listeningAfterMs: number;
  /** Resident memory in MiB (Linux). */
  memoryMiB: () => number;
  stop: () => Promise<void>;
};

/** Starts the real server, as `npm start` does after the build, on a free port with a database of its own. */
export async function startServerProcess(env: NodeJS.ProcessEnv = {}): Promise<ServerProcess> {
  const directory = mkdtempSync(join(tmpdir(), 'roomscribe-bench-'));
  const startedAt = performance.now();
  const child = spawn(process.execPath, [join(ROOT, 'server/main.ts')], {
    env: {
      ...process.env,
      PORT: '0',
      DATABASE_URL: `sqlite:${join(directory, 'bench.sqlite')}`,
      LOG_LEVEL: 'error',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await addressOf(child);
  return {
    url,
    listeningAfterMs: performance.now() - startedAt,
    memoryMiB: () => residentKiB(child.pid as number) / 1_024,
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function addressOf(child: ChildProcess): Promise<string> {
  let printed = '';
  for await (const part of child.stdout as NodeJS.ReadableStream) {
    printed += part;
    const [, url] = /^Roomscribe +(\S+)$/m.exec(printed) ?? [];
    if (url) return url;
  }
  throw new Error(`the server did not start: ${printed}`);
}

function residentKiB(pid: number): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib);
}
