import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';

/**
 * Runs a file of this folder in a process of its own, so that its work does not delay what another process measures.
 * @param setting the file gets it as its first message.
 */
export class Child<Answer> {
  readonly #process: ChildProcess;

  constructor(file: string, setting: unknown) {
    this.#process = fork(join(import.meta.dirname, file), { execArgv: [] });
    this.#process.send(setting as object);
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** @returns the next answer. @throws Error if the process ends without one. */
  async next(): Promise<Answer> {
    const ended = new AbortController();
    const [answer] = await Promise.race([
      once(this.#process, 'message', { signal: ended.signal }),
      once(this.#process, 'exit', { signal: ended.signal }).then(([code]) => {
        throw new Error(`A process of the abuse suite ended with code ${code}.`);
      }),
    ]).finally(() => ended.abort());
    return answer as Answer;
  }

  /** Asks for an answer. */
  ask(): Promise<Answer> {
    const answer = this.next();
    this.#process.send('report');
    return answer;
  }

  /** Ends the process. */
  async end(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
  }
}

/**
 * Lets a process run before the other programs of this machine, if we may. An attacker has a machine of their own: here they
 * may use what the server and the people leave. On Linux each thread has a priority of its own.
 */
export function prefer({ pid }: { pid?: number | undefined }): void {
  const folder = `/proc/${pid}/task`;
  const threads = existsSync(folder) ? readdirSync(folder) : [pid];
  try {
    for (const thread of threads) setPriority(Number(thread), constants.priority.PRIORITY_HIGHEST);
  } catch {
    // Only root may, and a thread may have ended.
  }
}

/** In the process of a child: its setting. */
export async function readSetting<T>(): Promise<T> {
  process.once('disconnect', () => process.exit());
  const [setting] = (await once(process, 'message')) as [T];
  return setting;
}

/** In the process of a child. */
export function answerParent(answer: unknown): void {
  process.send?.(answer);
}
