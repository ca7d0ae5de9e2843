import { type ChildProcess, fork } from 'node:child_process';
import { AppError } from '../../../contract/errors.ts';
import type { AudioChunk, TranscriptEvent } from '../transcriber.ts';
import type { FromChild, StreamOptions, ToChild } from './child.ts';

export type ProcessSettings = {
  /** The engine's name for people. */
  label: string;
  /** The module the process runs; it calls `serveStreams`. */
  module: string;
  args: string[];
  execArgv?: string[];
  /** How long it may take to start. */
  startLimitMs: number;
  /** How long it may be silent while it owes an answer. */
  answerLimitMs: number;
  /** Resident memory; with more it is ended. */
  memoryLimitBytes: number;
};

/** What comes of one stream; nothing after `failed`, nor after the stream was closed. */
export type StreamListener = {
  heard: (events: TranscriptEvent[], ended: boolean) => void;
  failed: (error: AppError) => void;
};

/** One stream in the process. */
export type ProcessStream = {
  /** Each call is answered by one `heard`. `null` when the audio has ended. */
  hear: (audio: AudioChunk | null) => void;
  close: () => void;
};

/**
 * A child process that hears one stream or many, and is ended when it crashes, hangs or grows too big. Its streams then
 * fail with an AppError that can be tried again.
 */
export class EngineProcess {
  /** Rejects with the AppError if the process ends before it is ready. */
  readonly ready: Promise<void>;
  /** Whether it has been ready, even if it has ended since. */
  isReady = false;
  /** Whether it ended by itself while it loaded, without saying why. */
  crashedLoading = false;
  readonly #settings: ProcessSettings;
  readonly #child: ChildProcess;
  readonly #onEnd: () => void;
  readonly #ready = Promise.withResolvers<void>();
  readonly #listeners = new Map<number, StreamListener>();
  #streams = 0;
  /** The start counts as a question too. */
  #unanswered = 1;
  #end: AppError | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param onEnd called once, when the process has been given up, or has been told to end. */
  constructor(settings: ProcessSettings, onEnd: () => void) {
    this.#settings = settings;
    this.#onEnd = onEnd;
    this.ready = this.#ready.promise;
    // Who waits for it gets it; there may be nobody.
    this.ready.catch(() => {});
    // Nothing of the server's environment, which holds secrets, nor of its flags is needed there.
    this.#child = fork(settings.module, settings.args, {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execArgv: settings.execArgv ?? [],
      env: {},
    });
    this.#child.on('message', (message: FromChild) => this.#receive(message));
    this.#child.on('error', (cause) => this.#fail(`it could not be started (${cause.message})`, { cause }));
    this.#child.on('exit', (code, killedBy) => this.#onExit(killedBy ?? `code ${code}`));
    this.#watch();
  }

  open(options: StreamOptions, listener: StreamListener): ProcessStream {
    this.#streams += 1;
    const stream = this.#streams;
    if (this.#end) listener.failed(this.#end);
    else this.#listeners.set(stream, listener);
    this.#send({ type: 'open', stream, options });
    return {
      hear: (audio) => this.#ask({ type: 'hear', stream, audio }),
      close: () => {
        this.#listeners.delete(stream);
        this.#send({ type: 'close', stream });
      },
    };
  }

  /** Ends the process; its streams fail. */
  stop(): void {
    this.#fail('it was stopped');
  }

  #ask(question: ToChild): void {
    this.#unanswered += 1;
    if (this.#unanswered === 1) this.#watch();
    this.#send(question);
  }

  #send(message: ToChild): void {
    // That it could not be sent shows in the exit of the process.
    if (!this.#end) this.#child.send(message, () => {});
  }

  #receive(message: FromChild): void {
    if (this.#end) return;
    if (message.type === 'failed' && message.stream === null) {
      this.#fail(message.message, { retryable: false });
      return;
    }
    if (message.memoryBytes > this.#settings.memoryLimitBytes) {
      // What does not fit when it has only just loaded never will.
      this.#fail('its process needs more memory than it may have', { retryable: message.type !== 'ready' });
      return;
    }
    this.#unanswered -= 1;
    if (message.type === 'ready') {
      this.isReady = true;
      this.#ready.resolve();
    } else this.#tell(message);
    this.#watch();
  }

  #tell(message: Exclude<FromChild, { type: 'ready' }>): void {
    const stream = message.stream ?? 0;
    const listener = this.#listeners.get(stream);
    if (message.type === 'heard') {
      listener?.heard(message.events, message.ended);
      return;
    }
    this.#listeners.delete(stream);
    listener?.failed(this.#error(message.message));
  }

  /** It may be silent as long as it owes nothing; whatever it says starts the time anew. */
  #watch(): void {
    clearTimeout(this.#timer);
    if (this.#unanswered === 0 || this.#end) return;
    const { startLimitMs, answerLimitMs } = this.#settings;
    this.#timer = setTimeout(
      () => this.#fail('its process does not answer'),
      this.isReady ? answerLimitMs : startLimitMs,
    );
  }

  #onExit(how: string): void {
    this.crashedLoading = !this.isReady && !this.#end;
    this.#fail(`its process ended (${how})`);
  }

  #fail(why: string, options: { retryable?: boolean; cause?: unknown } = {}): void {
    if (this.#end) return;
    this.#end = this.#error(why, options);
    clearTimeout(this.#timer);
    this.#child.kill('SIGKILL');
    this.#ready.reject(this.#end);
    const listeners = [...this.#listeners.values()];
    this.#listeners.clear();
    this.#onEnd();
    for (const { failed } of listeners) failed(this.#end);
  }

  #error(why: string, { retryable = true, cause }: { retryable?: boolean; cause?: unknown } = {}): AppError {
    const message = `${this.#settings.label} cannot hear: ${why.replace(/\.$/, '')}.`;
    return new AppError('SERVICE_UNAVAILABLE', 'engine_failed', message, { retryable, cause });
  }
}
