import { type ChildProcess, fork } from 'node:child_process';
import { AppError } from '../../../contract/errors.ts';
import type { AudioChunk, TranscriptEvent } from '../transcriber.ts';
import type { FromChild, StreamOptions, ToChild } from './child.ts';

export type ProcessSettings = {
  /** The engine's name for people. */
  label: string;
  /** The module that the process runs; it calls `serveStreams`. */
  module: string;
  args: string[];
  execArgv?: string[];
  /** How long the process may take to start. */
  startTimeoutMs: number;
  /** How long the process may send nothing while an answer is due. */
  answerTimeoutMs: number;
  /** A process with more resident memory than this is killed. */
  memoryLimitBytes: number;
};

/** Called with the results of one stream. No call follows `onError` or the stream's `close()`. */
type StreamListener = {
  onDecoded: (events: TranscriptEvent[], ended: boolean) => void;
  onError: (error: AppError) => void;
};

/** One stream in the process. */
export type ProcessStream = {
  /** Sends a chunk, or null when the audio has ended. One `onDecoded` answers each call. */
  decode: (audio: AudioChunk | null) => void;
  close: () => void;
};

/**
 * A child process that recognises one stream or many. It is killed when it hangs or grows too big. When it ends, its
 * streams fail with a retryable AppError.
 */
export class EngineProcess {
  /** Rejects with the AppError if the process ends before it is ready. */
  readonly ready: Promise<void>;
  /** True from the moment the process is ready, even after its end. */
  isReady = false;
  /** Whether the process ended by itself while it loaded, without a message that says why. */
  crashedLoading = false;
  readonly #settings: ProcessSettings;
  readonly #child: ChildProcess;
  readonly #onEnd: () => void;
  readonly #ready = Promise.withResolvers<void>();
  readonly #listeners = new Map<number, StreamListener>();
  #lastStream = 0;
  /** How many answers are due. The start counts as one: `ready` answers it. */
  #unanswered = 1;
  #end: AppError | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param onEnd called once, when the process fails or is stopped. */
  constructor(settings: ProcessSettings, onEnd: () => void) {
    this.#settings = settings;
    this.#onEnd = onEnd;
    this.ready = this.#ready.promise;
    // Without this, a process that nobody waits for would cause an unhandled rejection.
    this.ready.catch(() => {});
    // The child needs neither the server's environment, which holds secrets, nor its flags.
    this.#child = fork(settings.module, settings.args, {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execArgv: settings.execArgv ?? [],
      env: {},
    });
    this.#child.on('message', (message: FromChild) => this.#receive(message));
    this.#child.on('error', (cause) => this.#fail(`its process cannot start (${cause.message})`, { cause }));
    this.#child.on('exit', (code, killedBy) => this.#onExit(killedBy ?? `code ${code}`));
    this.#restartTimer();
  }

  open(options: StreamOptions, listener: StreamListener): ProcessStream {
    this.#lastStream += 1;
    const stream = this.#lastStream;
    if (this.#end) listener.onError(this.#end);
    else this.#listeners.set(stream, listener);
    this.#send({ type: 'open', stream, options });
    return {
      decode: (audio) => this.#ask({ type: 'decode', stream, audio }),
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
    if (this.#unanswered === 1) this.#restartTimer();
    this.#send(question);
  }

  #send(message: ToChild): void {
    // An error of the channel needs no handling: the exit of the process follows it.
    if (!this.#end) this.#child.send(message, () => {});
  }

  #receive(message: FromChild): void {
    if (this.#end) return;
    if (message.type === 'failed' && message.stream === null) {
      this.#fail(message.message, { retryable: false });
      return;
    }
    if (message.memoryBytes > this.#settings.memoryLimitBytes) {
      // A model that is too big right after loading will be too big every time.
      this.#fail('its process needs more memory than its limit', { retryable: message.type !== 'ready' });
      return;
    }
    this.#unanswered -= 1;
    if (message.type === 'ready') {
      this.isReady = true;
      this.#ready.resolve();
    } else this.#dispatch(message);
    this.#restartTimer();
  }

  #dispatch(message: Exclude<FromChild, { type: 'ready' }>): void {
    const stream = message.stream ?? 0;
    const listener = this.#listeners.get(stream);
    if (message.type === 'decoded') {
      listener?.onDecoded(message.events, message.ended);
      return;
    }
    this.#listeners.delete(stream);
    listener?.onError(this.#error(message.message));
  }

  /** Restarts the timeout while answers are due. Each message of the process restarts it too. */
  #restartTimer(): void {
    clearTimeout(this.#timer);
    if (this.#unanswered === 0 || this.#end) return;
    const { startTimeoutMs, answerTimeoutMs } = this.#settings;
    this.#timer = setTimeout(
      () => this.#fail('its process does not answer'),
      this.isReady ? answerTimeoutMs : startTimeoutMs,
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
    for (const { onError } of listeners) onError(this.#end);
  }

  #error(why: string, { retryable = true, cause }: { retryable?: boolean; cause?: unknown } = {}): AppError {
    const message = `${this.#settings.label} cannot recognise speech: ${why.replace(/\.$/, '')}.`;
    return new AppError('SERVICE_UNAVAILABLE', 'engine_failed', message, { retryable, cause });
  }
}
