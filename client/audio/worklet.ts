import { Resampler } from '../../contract/resampler.ts';

/** The page gives the worklet these options. */
export type WorkletOptions = { sampleRate: number; chunkSamples: number };
/** The worklet sends the page chunks, and `flushed` after the last one. */
export type WorkletMessage = { pcm: ArrayBuffer; level: number } | { flushed: true };

/** The part of AudioWorkletGlobalScope that is used here. TypeScript's libraries do not declare it. */
declare const sampleRate: number;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(
  name: string,
  processor: new (options: { processorOptions: WorkletOptions }) => AudioWorkletProcessor,
): void;

/** Runs on the audio thread and cuts the microphone's audio into chunks of 16-bit samples. */
class ChunkCutter extends AudioWorkletProcessor {
  readonly #resampler: Resampler;
  readonly #chunkSamples: number;
  #chunk: Int16Array<ArrayBuffer>;
  #filled = 0;
  #squares = 0;
  #flushed = false;

  constructor({ processorOptions }: { processorOptions: WorkletOptions }) {
    super();
    this.#resampler = new Resampler(sampleRate, processorOptions.sampleRate);
    this.#chunkSamples = processorOptions.chunkSamples;
    this.#chunk = new Int16Array(this.#chunkSamples);
    this.port.onmessage = () => this.#flush();
  }

  /** @returns whether the browser should call this again. */
  process([input]: Float32Array[][]): boolean {
    const channel = input?.[0];
    if (channel) this.#addAll(this.#resampler.push(channel));
    return !this.#flushed;
  }

  #addAll(samples: Float32Array): void {
    for (const sample of samples) this.#add(sample);
  }

  #add(sample: number): void {
    const limited = Math.max(-1, Math.min(1, sample));
    this.#squares += limited * limited;
    this.#chunk[this.#filled] = Math.round(limited * 32_767);
    this.#filled += 1;
    if (this.#filled === this.#chunkSamples) this.#send();
  }

  #send(): void {
    const pcm = this.#chunk.slice(0, this.#filled).buffer;
    const level = Math.sqrt(this.#squares / this.#filled);
    this.port.postMessage({ pcm, level } satisfies WorkletMessage, [pcm]);
    this.#filled = 0;
    this.#squares = 0;
  }

  #flush(): void {
    this.#addAll(this.#resampler.flush());
    if (this.#filled > 0) this.#send();
    this.#flushed = true;
    this.port.postMessage({ flushed: true } satisfies WorkletMessage);
  }
}

registerProcessor('chunk-cutter', ChunkCutter);
