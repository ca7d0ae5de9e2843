import { decodeChunk } from '../../../contract/chunk.ts';
import type { AudioPlace } from '../../../contract/types.ts';
import type { Failure } from '../../sdk/errors.ts';
import type { PumpOptions, PumpState } from '../pump.ts';
import type { StreamResume, StreamStart } from '../streamLink.ts';

/** A low rate, so that every sample of some minutes has a value of its own. */
export const RATE = 100;
export const CHUNK_SAMPLES = 50;
export const CHUNK_MS = (1_000 * CHUNK_SAMPLES) / RATE;

type Stream = {
  /** The samples that were accepted, and which of them each chunk begins with. */
  samples: number[];
  chunkStarts: number[];
  early: Map<number, Int16Array>;
  savedSamples: number;
  /** The gap before the first sample. It is saved with the first sample. */
  lostSamples: number;
  /** When the first sample was spoken, in ms; undefined until it is known. */
  startedAt: number | undefined;
  /** `saved`: it has ended, and all of it is saved. `lost`: its process was killed. */
  state: 'open' | 'saved' | 'lost';
};

class Refusal extends Error {
  readonly failure: Failure;
  constructor(reason: string, retryable: boolean, details: Failure['details'] = {}) {
    super(reason);
    this.failure = { reason, code: 'X', retryable, message: reason, details };
  }
}

/**
 * A server whose processes can be killed, over a database that stays. A process acks audio, and saves its words later. A
 * killed one takes what it has not saved with it. Its speaker's next process tells how far it is saved.
 */
export class MortalServer {
  /** The database: samples in the order in which they were saved, and gaps as negative numbers of samples. */
  readonly timeline: number[] = [];
  readonly states: PumpState[] = [];
  /** For each saved sample, how far its time in the timeline is off, in ms. */
  readonly timeErrorsMs: number[] = [];
  readonly resumes: StreamResume[] = [];
  /** How many of the next calls are lost, or answered although their answer is lost. */
  lostCalls = 0;
  lostAnswers = 0;
  isDown = false;
  isDatabaseDown = false;
  readonly #streams = new Map<string, Stream>();

  readonly options: PumpOptions = {
    sampleRate: RATE,
    start: (input) => this.#answer(() => this.#start(input)),
    resume: (from) => this.#answer(() => this.#resume(from)),
    push: (bytes) => this.#answer(() => this.#push(bytes)),
    stop: (streamId) => this.#answer(() => this.#stop(streamId)),
    describe: (error) =>
      error instanceof Refusal ? error.failure : new Refusal('disconnected', true).failure,
    onState: (state) => void this.states.push(state),
  };

  /** Saves the words of this share of the audio that is not saved, to the sample. */
  save(share: number): void {
    for (const stream of this.#open) {
      const unsaved = stream.samples.length - stream.savedSamples;
      this.#saveSamples(stream, stream.savedSamples + Math.floor(share * unsaved));
    }
  }

  kill(): void {
    for (const stream of this.#open) stream.state = 'lost';
  }

  /** The streams end, and their process lives: it saves all their words. */
  finish(): void {
    for (const stream of this.#open) this.#finish(stream);
  }

  get #open(): Stream[] {
    return [...this.#streams.values()].filter(({ state }) => state === 'open');
  }

  async #answer<T>(call: () => T): Promise<T> {
    await Promise.resolve();
    if (this.isDown || this.lostCalls-- > 0) throw new Error('socket closed');
    const answer = call();
    if (this.lostAnswers-- > 0) throw new Error('socket closed');
    return answer;
  }

  #start({ takeOver, behindSeconds, lostSeconds }: StreamStart) {
    if (this.isDatabaseDown) throw new Refusal('store_unavailable', true);
    if (this.#open.length > 0 && !takeOver) throw new Refusal('stream_exists', false);
    for (const stream of this.#open) {
      // A stream without a chunk is one whose start is repeated, and so is its loss.
      if (stream.samples.length === 0) stream.lostSamples = 0;
      this.#finish(stream);
    }
    const streamId = `00000000-0000-7000-8000-${String(this.#streams.size).padStart(12, '0')}`;
    const isBehind = behindSeconds + lostSeconds > 0;
    this.#streams.set(streamId, {
      ...{ samples: [], chunkStarts: [], early: new Map(), savedSamples: 0, state: 'open' },
      lostSamples: Math.round(lostSeconds * RATE),
      startedAt: isBehind ? Date.now() - 1_000 * behindSeconds : undefined,
    });
    return { streamId };
  }

  #resume(from: StreamResume) {
    this.resumes.push(from);
    const stream = this.#streams.get(from.streamId);
    if (stream?.state === 'open') {
      return { nextSeq: stream.chunkStarts.length, heardUntil: placeOf(stream) };
    }
    if (this.isDatabaseDown) throw new Refusal('store_unavailable', true);
    if (!stream) throw new Refusal('stream_unknown', false);
    const { seq, samples } = placeOf(stream);
    throw new Refusal('stream_ended', false, { heardSeq: seq, heardSamples: samples });
  }

  #push(bytes: Uint8Array) {
    const { streamId, seq, pcm } = decodeChunk(bytes);
    const stream = this.#streams.get(streamId);
    if (stream?.state !== 'open') throw new Refusal('stream_unknown', false);
    if (seq >= stream.chunkStarts.length) stream.early.set(seq, new Int16Array(pcm.slice().buffer));
    for (let next = nextChunk(stream); next; next = nextChunk(stream)) {
      stream.startedAt ??= Date.now() - (1_000 * next.length) / RATE;
      stream.chunkStarts.push(stream.samples.length);
      stream.samples.push(...next);
    }
    return { nextSeq: stream.chunkStarts.length };
  }

  #stop(streamId: string) {
    const stream = this.#streams.get(streamId);
    if (!stream || stream.state === 'lost') throw new Refusal('stream_unknown', false);
    this.#finish(stream);
    this.#saveGap(stream);
    return {};
  }

  /** Without a chunk the speaker may not know of the stream, and tells the loss before it to the next one. */
  #finish(stream: Stream): void {
    this.#saveSamples(stream, stream.samples.length);
    if (stream.state === 'open') stream.state = 'saved';
  }

  #saveSamples(stream: Stream, upTo: number): void {
    if (upTo > 0) this.#saveGap(stream);
    for (let i = stream.savedSamples; i < upTo; i += 1) {
      const sample = stream.samples[i] as number;
      this.timeline.push(sample);
      this.timeErrorsMs.push((stream.startedAt as number) + (1_000 * (i - sample)) / RATE);
    }
    stream.savedSamples = Math.max(stream.savedSamples, upTo);
  }

  #saveGap(stream: Stream): void {
    if (stream.lostSamples > 0) this.timeline.push(-stream.lostSamples);
    stream.lostSamples = 0;
  }
}

function nextChunk({ early, chunkStarts }: Stream): Int16Array | undefined {
  const next = early.get(chunkStarts.length);
  early.delete(chunkStarts.length);
  return next;
}

function placeOf({ chunkStarts, samples, savedSamples }: Stream): AudioPlace {
  if (savedSamples === samples.length) return { seq: chunkStarts.length, samples: 0 };
  const seq = chunkStarts.findLastIndex((start) => start <= savedSamples);
  return { seq: Math.max(0, seq), samples: savedSamples - (chunkStarts[seq] ?? 0) };
}

/** Chunk number `index` of a speech in which each sample has its own number as its value. */
export function numberedChunk(index: number): Uint8Array {
  const first = index * CHUNK_SAMPLES;
  return new Uint8Array(Int16Array.from({ length: CHUNK_SAMPLES }, (_, i) => first + i).buffer);
}
