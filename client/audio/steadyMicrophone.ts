import {
  type Microphone,
  MicrophoneError,
  type MicrophoneOptions,
  type MicrophoneProblem,
  openMicrophone,
} from './microphone.ts';

/**
 * Whether the person is heard. `heard`: samples arrive. `opening`: none has arrived yet. The others: the browser paused
 * the microphone, the device or the system muted it, it sends exact zeros, or it is gone.
 */
export type Hearing = 'opening' | 'heard' | 'suspended' | 'muted' | 'silent' | 'disconnected';

export type SteadyOptions = Pick<MicrophoneOptions, 'chunkMs' | 'onChunk' | 'onLevel'> & {
  onHearing: (hearing: Hearing) => void;
  /** The microphone does not come back. It is still to be closed. */
  onLost: (problem: MicrophoneProblem | 'ended') => void;
};

const CHECK_MS = 500;
/** Chunks come ten times a second. With the pause between two checks, this is told within 2.5 s. */
const NO_SAMPLES_MS = 2_000;
/** Silence in a room is never exactly zero for long. With the pause between two checks, this is told within 3 s. */
const ZEROS_MS = 2_400;
/** A device that claims to run and sends nothing for this long is opened anew. */
const STUCK_MS = 10_000;
const REOPEN_MS = 5_000;
const LOST_MS = 120_000;
/** After these, the browser may resume the audio or find a device. */
const WAKE_EVENTS = ['visibilitychange', 'pointerdown', 'keydown'];

/**
 * A microphone that is judged by its samples and comes back by itself: it resumes a suspended one, and opens the default
 * device anew after the old one is gone.
 */
export class SteadyMicrophone {
  readonly #options: SteadyOptions;
  /** Aborted when the microphone is closed, also while it opens. */
  readonly #closing = new AbortController();
  #microphone: Microphone | undefined;
  #isOpening = false;
  #openedAt = 0;
  #lastSampleAt = 0;
  #lastSoundAt = 0;
  #goneSince: number | undefined;
  #hearing: Hearing = 'opening';

  private constructor(options: SteadyOptions) {
    this.#options = options;
  }

  /** @throws MicrophoneError, also at an abort; then everything is released. */
  static async open(options: SteadyOptions, signal: AbortSignal): Promise<SteadyMicrophone> {
    const steady = new SteadyMicrophone(options);
    const onAbort = () => void steady.close();
    signal.addEventListener('abort', onAbort);
    try {
      await steady.#open();
    } catch (error) {
      void steady.close();
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
    if (signal.aborted) {
      void steady.close();
      throw new MicrophoneError('unknown', signal.reason);
    }
    steady.#watch();
    return steady;
  }

  /** Emits the last chunk, then releases the device. */
  async close(): Promise<void> {
    this.#closing.abort();
    const opened = this.#microphone;
    this.#microphone = undefined;
    await opened?.close();
  }

  async #open(): Promise<void> {
    const { chunkMs, onChunk, onLevel } = this.#options;
    this.#openedAt = performance.now();
    const opened = await openMicrophone(
      {
        chunkMs,
        onChunk: (pcm) => {
          this.#lastSampleAt = performance.now();
          onChunk(pcm);
        },
        onLevel: (level) => {
          if (level > 0) this.#lastSoundAt = performance.now();
          onLevel(level);
          if (this.#hearing !== 'heard') this.#check();
        },
        onChange: () => this.#check(),
      },
      this.#closing.signal,
    );
    this.#openedAt = performance.now();
    this.#lastSampleAt = this.#openedAt;
    this.#lastSoundAt = this.#openedAt;
    this.#microphone = opened;
  }

  #watch(): void {
    const { signal } = this.#closing;
    const timer = setInterval(() => this.#check(), CHECK_MS);
    signal.addEventListener('abort', () => clearInterval(timer));
    const wake = () => this.#check(true);
    for (const type of WAKE_EVENTS) document.addEventListener(type, wake, { signal });
    navigator.mediaDevices.addEventListener('devicechange', wake, { signal });
  }

  /** @param isWoken whether something has happened that makes another attempt worthwhile now. */
  #check(isWoken = false): void {
    if (this.#closing.signal.aborted) return;
    const now = performance.now();
    const hearing = this.#judge(now);
    if (hearing !== this.#hearing) {
      this.#hearing = hearing;
      this.#options.onHearing(hearing);
    }
    if (hearing === 'suspended' || hearing === 'muted') this.#microphone?.resume();
    const isStuck = this.#microphone?.state() === 'running' && now - this.#lastSampleAt > STUCK_MS;
    if (hearing === 'disconnected' || isStuck) this.#reopenAfterPause(now, isWoken);
    else this.#goneSince = undefined;
  }

  #judge(now: number): Hearing {
    const state = this.#microphone?.state() ?? 'ended';
    if (state === 'ended') return 'disconnected';
    if (now - this.#lastSampleAt > NO_SAMPLES_MS) return state === 'muted' ? 'muted' : 'suspended';
    if (now - this.#lastSoundAt > ZEROS_MS) return state === 'muted' ? 'muted' : 'silent';
    return this.#lastSampleAt === this.#openedAt ? 'opening' : 'heard';
  }

  #reopenAfterPause(now: number, isWoken: boolean): void {
    const isFirst = this.#goneSince === undefined;
    this.#goneSince ??= now;
    if (this.#isOpening) return;
    if (now - this.#goneSince > LOST_MS) this.#options.onLost('ended');
    else if (isFirst || isWoken || now - this.#openedAt > REOPEN_MS) void this.#reopen();
  }

  async #reopen(): Promise<void> {
    this.#isOpening = true;
    const old = this.#microphone;
    this.#microphone = undefined;
    try {
      await old?.close();
      await this.#open();
    } catch (error) {
      const isRefused = error instanceof MicrophoneError && error.problem === 'permission_denied';
      if (isRefused && !this.#closing.signal.aborted) this.#options.onLost('permission_denied');
    } finally {
      this.#isOpening = false;
    }
    this.#check();
  }
}
