import type { TranscriptEvent } from '../../transcriber/transcriber.ts';
import type { PlacedAudio } from '../placedAudio.ts';

/** A run of audio without a hole: where it begins in what the engine was given, and in the stream. In samples. */
type Run = { given: number; at: number };

/**
 * The engine counts the seconds of what it was given, from 0 and without the holes; everybody else counts those of
 * the speech stream. This translates.
 */
export class TimeMap {
  readonly #sampleRate: number;
  readonly #runs: Run[] = [];
  #given = 0;
  #end = 0;

  constructor(sampleRate: number) {
    this.#sampleRate = sampleRate;
  }

  /** How much the engine was given so far, in samples. */
  get given(): number {
    return this.#given;
  }

  /** The sample of the stream after the newest that was given. */
  get end(): number {
    return this.#end;
  }

  /** The engine is given the next piece. */
  give({ at, pcm }: PlacedAudio): void {
    if (at !== this.#end || this.#given === 0) this.#runs.push({ given: this.#given, at });
    this.#given += pcm.length / 2;
    this.#end = at + pcm.length / 2;
  }

  /** The same event in seconds of the stream. */
  place(event: TranscriptEvent): TranscriptEvent {
    const words = event.words.map((word) => ({ ...word, ...this.#ticket(word) }));
    return { ...event, ...this.#ticket(event), words };
  }

  /** Nothing before this sample of the stream will be asked for. */
  forget(sample: number): void {
    while ((this.#runs[1]?.at ?? Number.POSITIVE_INFINITY) <= sample) this.#runs.shift();
  }

  /** What starts where a hole is starts after it, what ends there ends before it. Engines round up past the end. */
  #ticket({ start, end }: { start: number; end: number }): { start: number; end: number } {
    const from = Math.round(start * this.#sampleRate);
    const to = Math.round(end * this.#sampleRate);
    const started = this.#runs.findLast(({ given }) => given <= from) ?? this.#runs[0];
    const ended = this.#runs.findLast(({ given }) => given < to) ?? this.#runs[0];
    const placedStart = Math.min(this.#end, from - (started?.given ?? 0) + (started?.at ?? 0));
    const placedEnd = Math.min(this.#end, to - (ended?.given ?? 0) + (ended?.at ?? 0));
    return {
      start: placedStart / this.#sampleRate,
      end: Math.max(placedStart, placedEnd) / this.#sampleRate,
    };
  }
}
