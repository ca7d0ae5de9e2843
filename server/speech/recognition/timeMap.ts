import type { TranscriptEvent } from '../../transcriber/transcriber.ts';
import type { PlacedAudio } from '../placedAudio.ts';

/** Audio without a hole. Its first sample is number `sent` of the engine call, and number `at` of the stream. */
type Run = { sent: number; at: number };

/**
 * Translates the times of an engine into times of the speech stream. The engine counts only the seconds that it was
 * sent, from 0; the stream counts the left-out silence too.
 */
export class TimeMap {
  readonly #sampleRate: number;
  readonly #runs: Run[] = [];
  #sentSamples = 0;
  #endSample = 0;

  constructor(sampleRate: number) {
    this.#sampleRate = sampleRate;
  }

  /** How many samples the engine was sent. */
  get sentSamples(): number {
    return this.#sentSamples;
  }

  /** The sample of the stream after the newest that was sent. */
  get endSample(): number {
    return this.#endSample;
  }

  /** Adds the piece that is sent to the engine next. */
  append({ at, pcm }: PlacedAudio): void {
    if (at !== this.#endSample || this.#sentSamples === 0) this.#runs.push({ sent: this.#sentSamples, at });
    this.#sentSamples += pcm.length / 2;
    this.#endSample = at + pcm.length / 2;
  }

  /** The same event with its times in seconds of the stream. */
  toStreamTime(event: TranscriptEvent): TranscriptEvent {
    const words = event.words.map((word) => ({ ...word, ...this.#translate(word) }));
    return { ...event, ...this.#translate(event), words };
  }

  /** Frees what only times before this sample of the stream need. The engine will not mention such times again. */
  dropBefore(sample: number): void {
    while ((this.#runs[1]?.at ?? Number.POSITIVE_INFINITY) <= sample) this.#runs.shift();
  }

  /**
   * At a hole, a start is placed after the hole and an end before it. Engines round up, so a time may lie past the
   * newest audio: it is cut there.
   */
  #translate({ start, end }: { start: number; end: number }): { start: number; end: number } {
    const from = Math.round(start * this.#sampleRate);
    const to = Math.round(end * this.#sampleRate);
    const startRun = this.#runs.findLast(({ sent }) => sent <= from) ?? this.#runs[0];
    const endRun = this.#runs.findLast(({ sent }) => sent < to) ?? this.#runs[0];
    const streamStart = Math.min(this.#endSample, from - (startRun?.sent ?? 0) + (startRun?.at ?? 0));
    const streamEnd = Math.min(this.#endSample, to - (endRun?.sent ?? 0) + (endRun?.at ?? 0));
    return {
      start: streamStart / this.#sampleRate,
      end: Math.max(streamStart, streamEnd) / this.#sampleRate,
    };
  }
}
