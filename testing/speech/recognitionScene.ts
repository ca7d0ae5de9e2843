import { vi } from 'vitest';
import { AppError } from '../../contract/errors.ts';
import { Channel } from '../../server/flow/channel.ts';
import type { PlacedAudio } from '../../server/speech/placedAudio.ts';
import type { Admission } from '../../server/speech/recognition/admission.ts';
import { recognize } from '../../server/speech/recognition/recognize.ts';
import type { RecognitionEvent, RecognitionParts } from '../../server/speech/recognition/types.ts';
import {
  NUMBERS_RATE,
  type SpokenItem,
  synthesizeNumbers,
} from '../../server/transcriber/testing/numbers.ts';
import type { SpeechEngine, TranscriptEvent } from '../../server/transcriber/transcriber.ts';
import { createNotedLog } from '../notedLog.ts';

/** The audio of a segment, which a test speaks piece by piece. */
export class TestSpeaker implements AsyncIterable<PlacedAudio> {
  /** Whether the reader has released the audio. */
  released = false;
  readonly #audio = new Channel<PlacedAudio>(() => {
    this.released = true;
  });
  #at = 0;

  /** How many pieces nobody has read. */
  get unread(): number {
    return this.#audio.length;
  }

  /** Adds one piece of audio. */
  say(item: SpokenItem): void {
    const pcm = synthesizeNumbers([item]);
    this.#audio.push({ at: this.#at, pcm });
    this.#at += pcm.length / 2;
  }

  /** Leaves a hole of this length, as for silence that is not sent. */
  skip(seconds: number): void {
    this.#at += seconds * NUMBERS_RATE;
  }

  stop(): void {
    this.#audio.end();
  }

  fail(error: unknown): void {
    this.#audio.fail(error);
  }

  [Symbol.asyncIterator](): AsyncIterator<PlacedAudio> {
    return this.#audio;
  }
}

/** An admission whose slots a test adds and removes. */
export class TestAdmission implements Admission {
  running = 0;
  throttles = 0;
  /** The `isResuming` of each request, oldest first. */
  readonly requests: boolean[] = [];
  onThrottle = () => {};
  readonly #waiting = new Set<() => void>();
  #freeSlots: number;

  constructor(freeSlots = Number.POSITIVE_INFINITY) {
    this.#freeSlots = freeSlots;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  acquire({ signal, isResuming, onPlace }: Parameters<Admission['acquire']>[0]): Promise<() => void> {
    this.requests.push(isResuming);
    const { promise, resolve, reject } = Promise.withResolvers<() => void>();
    const admit = () => {
      this.#waiting.delete(admit);
      this.#freeSlots -= 1;
      this.running += 1;
      resolve(() => this.#release());
    };
    signal.addEventListener('abort', () => {
      this.#waiting.delete(admit);
      reject(signal.reason);
    });
    if (this.#freeSlots > 0) admit();
    else {
      this.#waiting.add(admit);
      onPlace(this.#waiting.size);
    }
    return promise;
  }

  throttle(_engine: SpeechEngine): void {
    this.throttles += 1;
    this.onThrottle();
  }

  /** Adds so many slots, or removes them if the number is negative. */
  addSlots(slots: number): void {
    this.#freeSlots += slots;
    for (const admit of this.#waiting) if (this.#freeSlots > 0) admit();
  }

  #release(): void {
    this.running -= 1;
    this.addSlots(1);
  }
}

/** Recognises a segment and collects its events. */
export function startRecognition(
  audio: AsyncIterable<PlacedAudio>,
  {
    signal,
    admission = new TestAdmission(),
    ...parts
  }: Pick<RecognitionParts, 'engine'> &
    Partial<RecognitionParts> & { signal?: AbortSignal; admission?: TestAdmission },
) {
  const abort = new AbortController();
  const startedAt = performance.now();
  const events: RecognitionEvent[] = [];
  const restarts: string[] = [];
  /** Milliseconds from the start. */
  const timesMs = { restarts: [] as number[], callEnds: [] as number[] };
  let mayRead = Promise.resolve();
  let resume = () => {};
  const reader = {
    pause() {
      const { promise, resolve } = Promise.withResolvers<void>();
      mayRead = promise;
      resume = resolve;
    },
    resume: () => resume(),
  };
  const options = { language: 'en-US', sampleRate: NUMBERS_RATE, signal: signal ?? abort.signal };
  const iterator = recognize(audio, options, {
    fallback: null,
    admission,
    log: createNotedLog(),
    onCall: () => timesMs.callEnds.push(performance.now() - startedAt),
    onRestart(cause) {
      restarts.push(cause);
      timesMs.restarts.push(performance.now() - startedAt);
    },
    ...parts,
  })[Symbol.asyncIterator]();
  const read = async () => {
    let lastState = '';
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
      const event = next.value;
      // A stream emits a state only when it changes (StreamStatus), so this list drops repeated states too.
      const state = event.type === 'state' ? brief(event) : event.type === 'queued' ? '' : lastState;
      if (event.type !== 'state' || state !== lastState) events.push(event);
      lastState = state;
      await mayRead;
    }
  };
  const done = read();
  const leave = async () => {
    await iterator.return?.();
  };
  return { events, done, restarts, timesMs, abort, leave, admission, reader };
}

/** An event in a few characters: `1: two` is a partial of utterance 1, `1. two` its final. */
export function brief(event: RecognitionEvent): string {
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

export function finals(events: RecognitionEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'final' ? [event.text] : []));
}

export function engineError(reason = 'engine_unreachable', retryable = true): AppError {
  return new AppError('SERVICE_UNAVAILABLE', reason, `The engine failed with ${reason}.`, { retryable });
}

export function fault(afterChunks: number, kind: AppError | 'leave' | 'hang' | 'deaf' = engineError()) {
  return { afterChunks, kind };
}

/** A partial of these words, which last a second each from `start` on. */
export function resultAt(
  start: number,
  text: string,
  changes: Partial<TranscriptEvent> = {},
): TranscriptEvent {
  const words = text
    .split(' ')
    .map((word, i) => ({ text: word, start: start + i, end: start + i + 1, confidence: 1 }));
  const end = start + words.length;
  return {
    ...{ type: 'partial', utteranceId: 'a', text, stableChars: 0, language: 'en-US', start, end },
    ...{ confidence: 1, words, ...changes },
  };
}

/** Advances the fake clock. */
export async function pass(seconds: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(1_000 * seconds);
}

/** Speaks in real time on the fake clock, a tenth of a second at a time. A pause lasts 0.4 s. */
export async function speak(speaker: TestSpeaker, ...said: (number | 'pause')[]): Promise<void> {
  for (const one of said) {
    for (let tenth = 0; tenth < (one === 'pause' ? 4 : 1); tenth += 1) {
      speaker.say(one === 'pause' ? { silence: 0.1 } : one);
      await pass(0.1);
    }
  }
}
