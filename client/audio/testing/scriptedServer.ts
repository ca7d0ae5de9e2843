import { vi } from 'vitest';
import { decodeChunk } from '../../../contract/chunk.ts';
import type { Failure } from '../../sdk/errors.ts';
import type { Pump, PumpState } from '../pump.ts';
import type { StreamResume, StreamStart } from '../streamLink.ts';

const SAMPLE_RATE = 1_000;
const CHUNK_SAMPLES = 100;

/** The ids of the first two streams that a scripted server starts. */
export const FIRST = '00000000-0000-7000-8000-000000000001';
export const SECOND = '00000000-0000-7000-8000-000000000002';

/** The outcome of one call: the call or its answer can be lost, or the server refuses the call. */
export type Outcome = 'good' | 'call lost' | 'answer lost' | 'stream ended' | 'busy' | 'never answered';

class Refusal extends Error {
  readonly failure: Failure;
  constructor(reason: string, retryable: boolean) {
    super(reason);
    this.failure = { reason, code: 'X', retryable, message: reason, details: {} };
  }
}

/**
 * Behaves as the contract describes a server: it accepts chunks in order, holds early ones and answers with the number
 * that it wants next. It does not tell how far it has saved the audio, so it is trusted with all that it acked. The
 * outcomes of its calls are scripted; after the script every call is good.
 */
export class ScriptedServer {
  /** The marks of the chunks that arrived, in the order of their numbers. */
  readonly received: number[] = [];
  readonly states: PumpState[] = [];
  /** The inputs of the successful `start` calls. */
  readonly starts: StreamStart[] = [];
  /** The `fresh` field of each `resume` call. */
  readonly resumes: boolean[] = [];
  readonly #outcomes: Outcome[];
  #streamId = '';
  #nextSeq = 0;
  /** Marks of chunks that came before a chunk with a lower number, by number. */
  #early = new Map<number, number>();
  stopped: string[] = [];
  calls = 0;
  abortedCalls = 0;

  constructor(outcomes: Outcome[]) {
    this.#outcomes = [...outcomes];
  }

  readonly options = {
    sampleRate: SAMPLE_RATE,
    start: (input: StreamStart) => this.#answer(() => this.#start(input)),
    resume: (from: StreamResume) => this.#answer(() => this.#resume(from)),
    push: (bytes: Uint8Array, signal: AbortSignal) => {
      signal.addEventListener('abort', () => (this.abortedCalls += 1));
      return this.#answer(() => this.#push(bytes));
    },
    stop: async (streamId: string) => void this.stopped.push(streamId),
    describe: (error: unknown): Failure =>
      error instanceof Refusal ? error.failure : new Refusal('disconnected', true).failure,
    onState: (state: PumpState) => void this.states.push(state),
  };

  async #answer<T>(call: () => T): Promise<T> {
    this.calls += 1;
    const outcome = this.#outcomes.shift() ?? 'good';
    await Promise.resolve();
    if (outcome === 'call lost') throw new Error('socket closed');
    if (outcome === 'busy') throw new Refusal('engine_behind', true);
    if (outcome === 'stream ended') this.#streamId = '';
    const answer = call();
    if (outcome === 'answer lost') throw new Error('socket closed');
    if (outcome === 'never answered') return new Promise(() => {});
    return answer;
  }

  #start(input: StreamStart) {
    if (this.#streamId && !input.takeOver) throw new Refusal('stream_exists', false);
    this.starts.push(input);
    const number = String(this.starts.length).padStart(12, '0');
    this.#streamId = `00000000-0000-7000-8000-${number}`;
    this.#nextSeq = 0;
    this.#early = new Map();
    return { streamId: this.#streamId };
  }

  #resume({ streamId, fresh }: StreamResume) {
    this.resumes.push(fresh);
    if (streamId !== this.#streamId) throw new Refusal('stream_ended', false);
    return { nextSeq: this.#nextSeq };
  }

  /** Forgets the last chunks that it acked, and wants them again. */
  forgetAcked(count: number): void {
    this.#nextSeq -= count;
  }

  /** Adds outcomes to the end of the script. */
  script(...outcomes: Outcome[]): void {
    this.#outcomes.push(...outcomes);
  }

  #push(bytes: Uint8Array) {
    const { streamId, seq, pcm } = decodeChunk(bytes);
    if (streamId !== this.#streamId) throw new Refusal('stream_ended', false);
    if (seq >= this.#nextSeq) this.#early.set(seq, pcm[0] as number);
    for (
      let mark = this.#early.get(this.#nextSeq);
      mark !== undefined;
      mark = this.#early.get(this.#nextSeq)
    ) {
      this.#early.delete(this.#nextSeq);
      this.#nextSeq += 1;
      this.received.push(mark);
    }
    return { nextSeq: this.#nextSeq };
  }
}

/** A chunk whose bytes all hold its mark, so that a test can recognise it. */
export function chunk(mark: number): Uint8Array {
  return new Uint8Array(2 * CHUNK_SAMPLES).fill(mark);
}

/** Adds ten chunks a second, as a microphone does. Needs vitest's fake timers. */
export async function speak(pump: Pump, count: number): Promise<void> {
  for (let mark = 0; mark < count; mark += 1) {
    pump.add(chunk(mark));
    await vi.advanceTimersByTimeAsync(100);
  }
}
