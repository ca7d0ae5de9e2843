import { PreRoll } from './preRoll.ts';
import { VoiceDetector } from './voiceDetector.ts';

export type Gated =
  /** `at`: the number of the first sample in the speech stream. At most 1 s; in order, with holes where silence was left out. */
  | { type: 'audio'; at: number; pcm: Uint8Array }
  /** Nobody has spoken for long: the engine's stream ends here; the next audio begins a new one. */
  | { type: 'suspend'; at: number };

type State = 'open' | 'held' | 'suspended';

export type VoiceGateOptions = {
  sampleRate: number;
  /** Audio passes for so long after the last speech: engines want to see the end of an utterance. */
  tailSeconds?: number;
  /** So much of what came before the speech was noticed goes first. */
  preRollSeconds?: number;
  /** So long after the last speech the engine's stream is given up. */
  suspendSeconds?: number;
};

/**
 * Lets speech through and leaves silence out, for one speech stream. Open: all audio passes at once. Held: the silence
 * is left out, the engine's stream stays. Suspended: the engine's stream is given up. It begins suspended.
 * What passes depends on the audio alone, not on how it is cut into chunks.
 */
export class VoiceGate {
  readonly #detector: VoiceDetector;
  readonly #preRoll: PreRoll;
  readonly #tail: number;
  readonly #patience: number;
  readonly #frame: Int16Array;
  readonly #frameBytes: Uint8Array;
  #filled = 0;
  #state: State = 'suspended';
  /** The number of the sample that comes next. */
  #next = 0;
  #lastSpeech = 0;

  constructor({ sampleRate, tailSeconds = 1.4, preRollSeconds = 1, suspendSeconds = 15 }: VoiceGateOptions) {
    this.#detector = new VoiceDetector(sampleRate);
    this.#preRoll = new PreRoll(2 * Math.round(preRollSeconds * sampleRate));
    this.#tail = tailSeconds * sampleRate;
    this.#patience = suspendSeconds * sampleRate;
    this.#frame = new Int16Array(this.#detector.frameSamples);
    this.#frameBytes = new Uint8Array(this.#frame.buffer);
  }

  /** Whether somebody speaks, as far as is known. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Takes the next audio of the stream: PCM s16le mono, an even number of bytes, at most 1 s. What passes may be views of it. */
  take(pcm: Uint8Array): Gated[] {
    const gated: Gated[] = [];
    this.#turn(this.#afterSilence(this.#next), this.#next, gated);
    let done = 0;
    for (let end = this.#fillFrame(pcm, 0); end !== undefined; end = this.#fillFrame(pcm, end)) {
      const at = this.#next + end / 2;
      const state = this.#judge(at);
      if (state === this.#state) continue;
      this.#deal(pcm.subarray(done, end), this.#next + done / 2, gated);
      this.#turn(state, at, gated);
      done = end;
    }
    this.#deal(pcm.subarray(done), this.#next + done / 2, gated);
    this.#next += pcm.length / 2;
    return gated;
  }

  /** Audio was lost on its way: what follows begins at this sample number. What was lost counts as silence. */
  skipTo(at: number): void {
    if (at <= this.#next) return;
    this.#next = at;
    this.#filled = 0;
    this.#preRoll.take();
  }

  /** Copies what lies at `from` into the frame. Answers where the frame is full; undefined if it is not. */
  #fillFrame(pcm: Uint8Array, from: number): number | undefined {
    const part = pcm.subarray(from, from + this.#frameBytes.length - this.#filled);
    this.#frameBytes.set(part, this.#filled);
    this.#filled += part.length;
    if (this.#filled < this.#frameBytes.length) return undefined;
    this.#filled = 0;
    return from + part.length;
  }

  /** @param end the number of the sample after the frame. */
  #judge(end: number): State {
    if (!this.#detector.isSpeech(this.#frame)) return this.#afterSilence(end);
    this.#lastSpeech = end;
    return 'open';
  }

  #afterSilence(end: number): State {
    const silent = end - this.#lastSpeech;
    if (this.#state === 'suspended' || silent >= this.#patience) return 'suspended';
    return this.#state === 'open' && silent < this.#tail ? 'open' : 'held';
  }

  #turn(state: State, at: number, gated: Gated[]): void {
    if (state === this.#state) return;
    this.#state = state;
    if (state === 'suspended') gated.push({ type: 'suspend', at });
    if (state !== 'open') return;
    const pcm = this.#preRoll.take();
    gated.push({ type: 'audio', at: at - pcm.length / 2, pcm });
  }

  #deal(pcm: Uint8Array, at: number, gated: Gated[]): void {
    if (pcm.length === 0) return;
    if (this.isOpen) gated.push({ type: 'audio', at, pcm });
    else this.#preRoll.keep(pcm);
  }
}
