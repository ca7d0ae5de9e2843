import { AppError } from '../../../contract/errors.ts';
import { EngineProcess, type ProcessSettings } from './process.ts';

type SlotSettings = ProcessSettings & {
  /** How long an unused process is kept. */
  idleMs: number;
  /** The reason if the process crashes whenever it loads. It follows the words “cannot recognise speech: ”. */
  loadFailure: string;
};

/**
 * Holds one process at a time. The first user starts it, all users share it, and the next user after its death starts a
 * new one. It is stopped when nobody has used it for a while.
 */
export class EngineSlot {
  readonly #settings: SlotSettings;
  /** The process that users share, loading or loaded. */
  #process: Promise<EngineProcess> | undefined;
  /** The process that runs now: `stop()` must reach it while `#process` is still loading. */
  #running: EngineProcess | undefined;
  #users = 0;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(settings: SlotSettings) {
    this.#settings = settings;
  }

  /**
   * Each call needs one `release()`, even if it throws.
   * @throws AppError when the process cannot be started or loaded.
   */
  async acquire(): Promise<EngineProcess> {
    this.#users += 1;
    clearTimeout(this.#idleTimer);
    this.#process ??= this.#start();
    return this.#process;
  }

  release(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    const { idleMs } = this.#settings;
    if (idleMs === 0) this.stop();
    else this.#idleTimer = setTimeout(() => this.stop(), idleMs).unref();
  }

  /** Ends the process. Its streams fail with an AppError. */
  stop(): void {
    clearTimeout(this.#idleTimer);
    this.#process = undefined;
    this.#running?.stop();
  }

  #start(): Promise<EngineProcess> {
    const loading = this.#load();
    loading.catch(() => {
      if (this.#process === loading) this.#process = undefined;
    });
    return loading;
  }

  async #load(): Promise<EngineProcess> {
    for (let attempt = 1; ; attempt += 1) {
      const process = this.#spawn();
      try {
        await process.ready;
        return process;
      } catch (error) {
        if (!process.crashedLoading || this.#users === 0) throw error;
        // The first crash may be chance. An engine that crashes twice would crash every time.
        if (attempt === 2) throw this.#loadError(error);
      }
    }
  }

  #spawn(): EngineProcess {
    const process: EngineProcess = new EngineProcess(this.#settings, () => {
      this.#running = undefined;
      if (process.isReady) this.#process = undefined;
    });
    this.#running = process;
    return process;
  }

  #loadError(cause: unknown): AppError {
    const { label, loadFailure } = this.#settings;
    const message = `${label} cannot recognise speech: ${loadFailure}.`;
    return new AppError('SERVICE_UNAVAILABLE', 'engine_failed', message, { cause });
  }
}
