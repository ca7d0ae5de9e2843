import type { Pump, PumpState } from '../audio/pump.ts';
import { SteadyMicrophone, type SteadyOptions } from '../audio/steadyMicrophone.ts';

const CHUNK_MS = 100;

export type TurnOptions = Pick<SteadyOptions, 'onLevel' | 'onHearing' | 'onLost'> & {
  openPump: (onState: (state: PumpState) => void) => Pump;
  /** The pump's states until `stop`. After it only `gap` and `failed` come. */
  onPump: (state: PumpState) => void;
  /** @param error why the microphone could not be opened. */
  onRefused: (error: unknown) => void;
  onStopping: () => void;
  /** Called once: the device is released, or will be as soon as the browser has opened it. */
  onEnd: () => void;
};

/**
 * One time that the microphone is on. The speech stream starts after the browser has opened the microphone. `stop` wins
 * at any moment: whatever is still being opened is released as soon as it is open.
 */
export class SpeechTurn {
  readonly #options: TurnOptions;
  readonly #stopping = new AbortController();
  #microphone: SteadyMicrophone | undefined;
  #pump: Pump | undefined;
  #ended = false;

  constructor(options: TurnOptions) {
    this.#options = options;
    void this.#open();
  }

  /** Sends what was said so far, and ends the stream. */
  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const released = this.#release();
    if (this.#pump) {
      this.#options.onStopping();
      await released;
      await this.#pump.finish();
    }
    this.#end();
  }

  /** Retries at once what the pump could not send. */
  retryNow(): void {
    this.#pump?.retryNow();
  }

  async #open(): Promise<void> {
    const { openPump, onRefused, onLevel, onHearing, onLost } = this.#options;
    const onChunk = (pcm: Uint8Array) => this.#pump?.add(pcm);
    try {
      this.#microphone = await SteadyMicrophone.open(
        { chunkMs: CHUNK_MS, onChunk, onLevel, onHearing, onLost },
        this.#stopping.signal,
      );
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      onRefused(error);
      return this.#end();
    }
    // A stop may have come after the device was open and before this line.
    if (this.#stopping.signal.aborted) await this.#microphone.close();
    else this.#pump = openPump((state) => this.#onPump(state));
  }

  #onPump(state: PumpState): void {
    const isStopping = this.#stopping.signal.aborted;
    if (this.#ended || (isStopping && state.type !== 'failed' && state.type !== 'gap')) return;
    this.#options.onPump(state);
    if (state.type !== 'failed') return;
    void this.#release();
    this.#end();
  }

  async #release(): Promise<void> {
    this.#stopping.abort();
    await this.#microphone?.close();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.onEnd();
  }
}
