import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { Channel } from '../channel.ts';
import { AppError } from '../errors.ts';
import type { FromChild, ToChild } from './pocketsphinxChild.ts';
import type { AudioChunk, TranscriptEvent } from './transcriber.ts';

export type PocketsphinxStreamSettings = {
  modelDirectory: string;
  /** How long the process may take to start, and to answer a chunk, before it counts as dead. */
  answerLimitMs: number;
  /** The process has been told to end. */
  onFreed: () => void;
};

const CHILD = join(import.meta.dirname, 'pocketsphinxChild.ts');
/** Chunks under way to the process; the rest waits where it comes from. */
const MAX_UNANSWERED = 8;

/**
 * One stream and the process that hears it. Whatever ends the events (the last final, an abort, a consumer that
 * leaves, a fault) runs `#free`, which ends the process and lets the audio go.
 */
export class PocketsphinxStream {
  readonly events = new Channel<TranscriptEvent>(() => this.#free());
  readonly #source: AsyncIterator<AudioChunk>;
  readonly #signal: AbortSignal;
  readonly #settings: PocketsphinxStreamSettings;
  readonly #child: ChildProcess;
  readonly #onAbort = () => void this.events.return();
  /** The start counts as a question too. */
  #unanswered = 1;
  #room: PromiseWithResolvers<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(source: AsyncIterable<AudioChunk>, signal: AbortSignal, settings: PocketsphinxStreamSettings) {
    this.#source = source[Symbol.asyncIterator]();
    this.#signal = signal;
    this.#settings = settings;
    // Nothing of the server's environment, which holds secrets, nor of its flags is needed there.
    this.#child = fork(CHILD, [settings.modelDirectory], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execArgv: [],
      env: {},
    });
    this.#child.on('message', (message: FromChild) => this.#hear(message));
    this.#child.on('error', (cause) => this.#fail(`it could not be started (${cause.message})`, { cause }));
    this.#child.on('exit', (code, killedBy) =>
      this.#fail(`its process ended (${killedBy ?? `code ${code}`})`),
    );
    signal.addEventListener('abort', this.#onAbort);
    this.#watch();
    this.#feed().catch((error: unknown) => this.events.fail(error));
  }

  async #feed(): Promise<void> {
    for (;;) {
      while (this.#unanswered >= MAX_UNANSWERED && !this.events.closed) await this.#wait();
      if (this.events.closed) return;
      const { done, value } = await this.#source.next();
      if (this.events.closed) return;
      this.#send(done ? 'end' : value);
      if (done) return;
    }
  }

  #wait(): Promise<void> {
    this.#room = Promise.withResolvers();
    return this.#room.promise;
  }

  #send(message: ToChild): void {
    this.#unanswered += 1;
    if (this.#unanswered === 1) this.#watch();
    // That it could not be sent shows in the exit of the process.
    this.#child.send(message, () => {});
  }

  #hear(message: FromChild): void {
    if (message.type === 'failed') {
      this.#fail(message.message.replace(/\.$/, ''), { retryable: message.when === 'hearing' });
      return;
    }
    this.#unanswered -= 1;
    this.#watch();
    this.#room?.resolve();
    if (message.type === 'ready') return;
    for (const event of message.events) this.events.push(event);
    if (message.type === 'ended') this.events.end();
  }

  #watch(): void {
    clearTimeout(this.#timer);
    if (this.#unanswered === 0 || this.events.closed) return;
    this.#timer = setTimeout(() => this.#fail('its process does not answer'), this.#settings.answerLimitMs);
  }

  #fail(why: string, { retryable = true, cause }: { retryable?: boolean; cause?: unknown } = {}): void {
    this.events.fail(
      new AppError('SERVICE_UNAVAILABLE', 'engine_failed', `PocketSphinx cannot hear: ${why}.`, {
        retryable,
        cause,
      }),
    );
  }

  #free(): void {
    clearTimeout(this.#timer);
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#child.kill('SIGKILL');
    this.#room?.resolve();
    // Not waited for: a source that hangs may never answer.
    this.#source.return?.().then(undefined, () => {});
    this.#settings.onFreed();
  }
}
