import { PreRoll } from './preRoll.ts';
import { VoiceDetector } from './voiceDetector.ts';

export type GateEvent =
  /** At most 1 s of audio for the engine. `at` is its first sample in the stream. Silence is left out. */
  | { type: 'audio'; at: number; pcm: Uint8Array }
  /** Nobody has spoken for a long time. The segment ends here; the next audio begins a new one. */
  | { type: 'suspend'; at: number };

type State = 'open' | 'held' | 'suspended';

export type VoiceGateOptions = {
  sampleRate: number;
  /** The hangover: audio passes for this long after the last speech, so that engines notice the end of an utterance. */
  tailSeconds?: number;
  /** When the gate opens, this much of the audio before it passes first. */
  preRollSeconds?: number;
  /** The segment ends this long after the last speech. */
  suspendSeconds?: number;
};

/**
 * The voice gate of one speech stream: it passes speech and leaves silence out. Open: all audio passes at once. Held:
 * silence is left out, but the segment goes on. Suspended: the segment has ended. The gate is suspended at first.
 * The result depends on the audio alone, not on how it is cut into chunks.
 */
export class VoiceGate {
  readonly #detector: VoiceDetector;
  readonly #preRoll: PreRoll;
  readonly #tailSamples: number;
  readonly #suspendSamples: number;
  readonly #frame: Int16Array;
  readonly #frameBytes: Uint8Array;
  #filledBytes = 0;
  #state: State = 'suspended';
  /** The number of the next sample. */
  #nextSample = 0;
  /** The number of the sample after the last speech. */
  #speechEnd = 0;

  constructor({ sampleRate, tailSeconds = 1.4, preRollSeconds = 1, suspendSeconds = 15 }: VoiceGateOptions) {
    this.#detector = new VoiceDetector(sampleRate);
    this.#preRoll = new PreRoll(2 * Math.round(preRollSeconds * sampleRate));
    this.#tailSamples = tailSeconds * sampleRate;
    this.#suspendSamples = suspendSeconds * sampleRate;
    this.#frame = new Int16Array(this.#detector.frameSamples);
    this.#frameBytes = new Uint8Array(this.#frame.buffer);
  }

  /** Whether somebody speaks, or has spoken a moment ago. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /**
   * Accepts the next audio of the stream: PCM s16le mono, an even number of bytes, at most 1 s.
   * @returns the events that follow from it. Their audio may be views of `pcm`.
   */
  take(pcm: Uint8Array): GateEvent[] {
    const events: GateEvent[] = [];
    this.#enter(this.#stateInSilence(this.#nextSample), this.#nextSample, events);
    let routed = 0;
    for (let end = this.#fillFrame(pcm, 0); end !== undefined; end = this.#fillFrame(pcm, end)) {
      const at = this.#nextSample + end / 2;
      const state = this.#stateAfterFrame(at);
      if (state === this.#state) continue;
      this.#route(pcm.subarray(routed, end), this.#nextSample + routed / 2, events);
      this.#enter(state, at, events);
      routed = end;
    }
    this.#route(pcm.subarray(routed), this.#nextSample + routed / 2, events);
    this.#nextSample += pcm.length / 2;
    return events;
  }

  /** Skips lost audio: the next audio begins at this sample number. Lost audio counts as silence. */
  skipTo(at: number): void {
    if (at <= this.#nextSample) return;
    this.#nextSample = at;
    this.#filledBytes = 0;
    this.#detector.skip();
    this.#preRoll.drain();
  }

  /** Fills the frame with bytes of `pcm` from offset `from` on. @returns the offset behind them if the frame is full. */
  #fillFrame(pcm: Uint8Array, from: number): number | undefined {
    const part = pcm.subarray(from, from + this.#frameBytes.length - this.#filledBytes);
    this.#frameBytes.set(part, this.#filledBytes);
    this.#filledBytes += part.length;
    if (this.#filledBytes < this.#frameBytes.length) return undefined;
    this.#filledBytes = 0;
    return from + part.length;
  }

  /** @param end the number of the sample after the frame. */
  #stateAfterFrame(end: number): State {
    if (!this.#detector.isSpeech(this.#frame)) return this.#stateInSilence(end);
    this.#speechEnd = end;
    return 'open';
  }

  /** The state if there was no speech up to this sample. */
  #stateInSilence(end: number): State {
    const silentSamples = end - this.#speechEnd;
    if (this.#state === 'suspended' || silentSamples >= this.#suspendSamples) return 'suspended';
    return this.#state === 'open' && silentSamples < this.#tailSamples ? 'open' : 'held';
  }

  #enter(state: State, at: number, events: GateEvent[]): void {
    if (state === this.#state) return;
    this.#state = state;
    if (state === 'suspended') events.push({ type: 'suspend', at });
    if (state !== 'open') return;
    const pcm = this.#preRoll.drain();
    events.push({ type: 'audio', at: at - pcm.length / 2, pcm });
  }

  /** Passes audio through the open gate. Otherwise writes it to the pre-roll. */
  #route(pcm: Uint8Array, at: number, events: GateEvent[]): void {
    if (pcm.length === 0) return;
    if (this.isOpen) events.push({ type: 'audio', at, pcm });
    else this.#preRoll.write(pcm);
  }
}
