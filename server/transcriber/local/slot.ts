import { AppError } from '../../../contract/errors.ts';
import { EngineProcess, type ProcessSettings } from './process.ts';

export type SlotSettings = ProcessSettings & {
  /** How long the process is kept when nobody uses it. */
  idleMs: number;
  /** Why, in words that follow “cannot hear: ”, when it crashes as often as it loads. */
  unloadable: string;
};

/**
 * A place for one process: started when somebody enters, shared by all who do, replaced when it has died, and ended
 * when nobody has used it for a while.
 */
export class EngineSlot {
  readonly #settings: SlotSettings;
  /** The process at hand, loaded or loading. */
  #process: Promise<EngineProcess> | undefined;
  /** Whatever lives, also between two tries to load. */
  #living: EngineProcess | undefined;
  #users = 0;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(settings: SlotSettings) {
    this.#settings = settings;
  }

  /**
   * Each call needs a `leave()`, whatever comes of it.
   * @throws AppError when no process can be made ready.
   */
  async enter(): Promise<EngineProcess> {
    this.#users += 1;
    clearTimeout(this.#idleTimer);
    this.#process ??= this.#begin();
    return this.#process;
  }

  leave(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    const { idleMs } = this.#settings;
    if (idleMs === 0) this.stop();
    else this.#idleTimer = setTimeout(() => this.stop(), idleMs).unref();
  }

  /** Ends the process; who uses it gets an error. */
  stop(): void {
    clearTimeout(this.#idleTimer);
    this.#process = undefined;
    this.#living?.stop();
  }

  #begin(): Promise<EngineProcess> {
    const loading = this.#load();
    loading.catch(() => {
      if (this.#process === loading) this.#process = undefined;
    });
    return loading;
  }

  async #load(): Promise<EngineProcess> {
    for (let tries = 1; ; tries += 1) {
      const started = this.#start();
      try {
        await started.ready;
        return started;
      } catch (error) {
        if (!started.crashedLoading || this.#users === 0) throw error;
        // Once may be chance. What crashes twice would do so for ever.
        if (tries === 2) throw this.#unloadable(error);
      }
    }
  }

  #start(): EngineProcess {
    const started: EngineProcess = new EngineProcess(this.#settings, () => {
      this.#living = undefined;
      if (started.isReady) this.#process = undefined;
    });
    this.#living = started;
    return started;
  }

  #unloadable(cause: unknown): AppError {
    const { label, unloadable } = this.#settings;
    return new AppError('SERVICE_UNAVAILABLE', 'engine_failed', `${label} cannot hear: ${unloadable}.`, {
      cause,
    });
  }
}
