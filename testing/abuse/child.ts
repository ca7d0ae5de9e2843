import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';

/**
 * Runs a file of this folder in a process of its own, so that its work does not delay what another process measures.
 * @param setting the file gets it as its first message.
 */
export class Child<Answer> {
  readonly #process: ChildProcess;

  constructor(file: string, setting: unknown, priority: 'high' | 'higher' = 'higher') {
    this.#process = fork(join(import.meta.dirname, file), { execArgv: [] });
    prefer(this.#process, priority);
    this.#process.send(setting as object);
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
 * Lets a process run before the other programs of this machine, if we may. The server and the people come before the
 * attacker, who would have a machine of their own.
 */
export function prefer({ pid }: ChildProcess, priority: 'high' | 'higher'): void {
  const { PRIORITY_HIGH, PRIORITY_HIGHEST } = constants.priority;
  try {
    setPriority(pid as number, priority === 'high' ? PRIORITY_HIGH : PRIORITY_HIGHEST);
  } catch {
    // Only root may.
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
