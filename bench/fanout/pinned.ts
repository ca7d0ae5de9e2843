import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import type { Load } from './load.ts';

/** The processor cores of the measured server and of the load that measures it. */
export const CORES = { server: 0, load: Math.min(1, availableParallelism() - 1) };

/** Starts Node with these arguments on one core, with an IPC channel for `ask`. */
export function startPinned(core: number, argv: string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn('taskset', ['--cpu-list', String(core), process.execPath, ...argv], {
    env: { ...process.env, NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
}

/** Sends a process one question and returns its next message, which must be the answer. Fails after 180 s. */
export async function ask<T>(child: ChildProcess, question: object | string): Promise<T> {
  const answer = once(child, 'message', { signal: AbortSignal.timeout(180_000) });
  child.send(question);
  const [value] = await answer;
  return value as T;
}

export async function stopPinned(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

export type LoadProcess = { load: Load; stop: () => Promise<void> };

export function startLoad(): LoadProcess {
  const child = startPinned(CORES.load, [new URL('./load.ts', import.meta.url).pathname]);
  const call = async (name: string, args: unknown[]) => {
    const answer = await ask<{ value: unknown } | { error: string }>(child, { call: name, args });
    if ('error' in answer) throw new Error(answer.error);
    return answer.value;
  };
  const load = new Proxy({} as Load, {
    get:
      (_, name: string) =>
      (...args: unknown[]) =>
        call(name, args),
  });
  return { load, stop: () => stopPinned(child) };
}
