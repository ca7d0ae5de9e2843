import { vi } from 'vitest';
import { AppError } from '../contract/errors.ts';
import { Channel } from '../server/flow/channel.ts';
import type { PlacedAudio } from '../server/speech/placedAudio.ts';
import type { Admission } from '../server/speech/recognition/admission.ts';
import { hear } from '../server/speech/recognition/recognize.ts';
import type { RecognitionEvent, RecognitionParts } from '../server/speech/recognition/types.ts';
import { NUMBERS_RATE, type SpokenItem, synthesizeNumbers } from '../server/transcriber/testing/numbers.ts';
import { createNotedLog } from './notedLog.ts';

/** A stretch of speech as a test says it: what is said can be drawn at once. */
export class Mouth implements AsyncIterable<PlacedAudio> {
  /** Whether the audio was let go. */
  let = false;
  readonly #audio = new Channel<PlacedAudio>(() => {
    this.let = true;
  });
  #at = 0;

  /** How many pieces nobody has drawn. */
  get waiting(): number {
    return this.#audio.length;
  }

  /** One piece of audio. */
  say(said: SpokenItem): void {
    const pcm = synthesizeNumbers([said]);
    this.#audio.push({ at: this.#at, pcm });
    this.#at += pcm.length / 2;
  }

  /** Leaves out so many seconds. */
  skip(seconds: number): void {
    this.#at += seconds * NUMBERS_RATE;
  }

  stop(): void {
    this.#audio.end();
  }

  break(error: unknown): void {
    this.#audio.fail(error);
  }

  [Symbol.asyncIterator](): AsyncIterator<PlacedAudio> {
    return this.#audio;
  }
}

/** Places that a test opens and closes. */
export class TestAdmission implements Admission {
  taken = 0;
  refusals = 0;
  /** Of each wish, whether it was one to be heard again. */
  readonly asked: boolean[] = [];
  onRefused = () => {};
  readonly #waiting = new Set<() => void>();
  #free: number;

  constructor(free = Number.POSITIVE_INFINITY) {
    this.#free = free;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  take({ signal, again, onPlace }: Parameters<Admission['take']>[0]): Promise<() => void> {
    this.asked.push(again);
    const { promise, resolve, reject } = Promise.withResolvers<() => void>();
    const enter = () => {
      this.#waiting.delete(enter);
      this.#free -= 1;
      this.taken += 1;
      resolve(() => this.#giveBack());
    };
    signal.addEventListener('abort', () => {
      this.#waiting.delete(enter);
      reject(signal.reason);
    });
    if (this.#free > 0) enter();
    else {
      this.#waiting.add(enter);
      onPlace(this.#waiting.size);
    }
    return promise;
  }

  refused(): void {
    this.refusals += 1;
    this.onRefused();
  }

  open(more: number): void {
    this.#free += more;
    for (const enter of this.#waiting) if (this.#free > 0) enter();
  }

  #giveBack(): void {
    this.taken -= 1;
    this.open(1);
  }
}

/** Hears numbers, and notes what is told. */
export function listen(
  audio: AsyncIterable<PlacedAudio>,
  {
    signal,
    places = new TestAdmission(),
    ...parts
  }: Pick<RecognitionParts, 'engine'> &
    Partial<RecognitionParts> & { signal?: AbortSignal; places?: TestAdmission },
) {
  const abort = new AbortController();
  const startedAt = performance.now();
  const heard: RecognitionEvent[] = [];
  const restarts: string[] = [];
  /** In ms from the beginning. */
  const at = { restarts: [] as number[], ends: [] as number[] };
  let gate = Promise.resolve();
  let open = () => {};
  const reading = {
    pause() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      open = resolve;
    },
    go: () => open(),
  };
  const options = { language: 'en-US', sampleRate: NUMBERS_RATE, signal: signal ?? abort.signal };
  const events = hear(audio, options, {
    fallback: null,
    places,
    log: createNotedLog(),
    onCall: () => at.ends.push(performance.now() - startedAt),
    onRestart(cause) {
      restarts.push(cause);
      at.restarts.push(performance.now() - startedAt);
    },
    ...parts,
  })[Symbol.asyncIterator]();
  const read = async () => {
    let told = '';
    for (let next = await events.next(); !next.done; next = await events.next()) {
      const event = next.value;
      // A stream tells the room of a state only when it changes (StreamStatus), and so does this list.
      const state = event.type === 'state' ? short(event) : event.type === 'queued' ? '' : told;
      if (event.type !== 'state' || state !== told) heard.push(event);
      told = state;
      await gate;
    }
  };
  const over = read();
  const leave = async () => {
    await events.return?.();
  };
  return { heard, over, restarts, at, abort, leave, places, reading };
}

/** An event in a few characters: `1: two` is a partial of utterance 1, `1. two` its final. */
export function short(event: RecognitionEvent): string {
  switch (event.type) {
    case 'partial':
      return `${event.utteranceId}: ${event.text}`;
    case 'final':
      return `${event.utteranceId}. ${event.text}`;
    case 'gap':
      return `gap ${event.start} to ${event.end} ${event.reason}`;
    case 'queued':
      return `queued ${event.place}`;
    case 'state':
      return [event.state, event.engine, event.reason].filter(Boolean).join(' ');
  }
}

export function finals(heard: RecognitionEvent[]): string[] {
  return heard.flatMap((event) => (event.type === 'final' ? [event.text] : []));
}

export function broken(reason = 'engine_unreachable', retryable = true): AppError {
  return new AppError('SERVICE_UNAVAILABLE', reason, `It said ${reason}.`, { retryable });
}

export function fault(afterChunks: number, kind: AppError | 'leave' | 'hang' | 'deaf' = broken()) {
  return { afterChunks, kind };
}

/** Lets so many seconds of a test's own time pass. */
export async function pass(seconds: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(1_000 * seconds);
}

/** Says it as it happens, a tenth of a second at a time. */
export async function speak(mouth: Mouth, ...said: (number | 'pause')[]): Promise<void> {
  for (const one of said) {
    for (let tenth = 0; tenth < (one === 'pause' ? 4 : 1); tenth += 1) {
      mouth.say(one === 'pause' ? { silence: 0.1 } : one);
      await pass(0.1);
    }
  }
}
