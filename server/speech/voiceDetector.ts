const FRAME_SECONDS = 0.02;

/** First take: loud against the quietest of the last three seconds. */
export class VoiceDetector {
  readonly frameSamples: number;
  readonly #quietest: number[] = [];

  constructor(sampleRate: number) {
    this.frameSamples = Math.round(FRAME_SECONDS * sampleRate);
  }

  isSpeech(frame: Int16Array): boolean {
    let sum = 0;
    for (let i = 1; i < frame.length; i += 1) {
      const step = (frame[i] as number) - (frame[i - 1] as number);
      sum += step * step;
    }
    const energy = sum / frame.length;
    this.#quietest.push(energy);
    if (this.#quietest.length > 150) this.#quietest.shift();
    return energy > 16 * Math.max(25, Math.min(...this.#quietest));
  }
}
