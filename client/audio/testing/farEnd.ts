import { vi } from 'vitest';
import { decodeChunk } from '../../../contract/chunk.ts';
import type { Failure } from '../../sdk/errors.ts';
import type { Pump, PumpState, StreamBeginning } from '../pump.ts';

const SAMPLE_RATE = 1_000;
const CHUNK_SAMPLES = 100;

/** The ids of the first streams that a far end begins. */
export const FIRST = '00000000-0000-7000-8000-000000000001';
export const SECOND = '00000000-0000-7000-8000-000000000002';

/** What happens to one call: it arrives or not, its answer comes back or not, or the server refuses. */
export type Fate = 'good' | 'call lost' | 'answer lost' | 'stream ended' | 'busy' | 'never answered';

class Refusal extends Error {
  readonly failure: Failure;
  constructor(reason: string, retryable: boolean) {
    super(reason);
    this.failure = { reason, code: 'X', retryable, message: reason, details: {} };
  }
}

/** A server as the contract describes it: takes chunks in order, holds early ones, answers the number wanted next. */
export class FarEnd {
  readonly heard: number[] = [];
  readonly states: PumpState[] = [];
  /** How each stream began. */
  readonly beginnings: StreamBeginning[] = [];
  /** The calls of `resume`, and for each whether it was fresh. */
  readonly resumes: boolean[] = [];
  readonly #fates: Fate[];
  #streamId = '';
  #next = 0;
  #early = new Map<number, number>();
  stopped: string[] = [];
  /** How many calls there were, and how many of them were given up. */
  asked = 0;
  aborted = 0;

  constructor(fates: Fate[]) {
    this.#fates = [...fates];
  }

  readonly options = {
    sampleRate: SAMPLE_RATE,
    start: (beginning: StreamBeginning) => this.#answer(() => this.#start(beginning)),
    resume: (from: { streamId: string; fresh: boolean }) => this.#answer(() => this.#resume(from)),
    push: (bytes: Uint8Array, signal: AbortSignal) => {
      signal.addEventListener('abort', () => (this.aborted += 1));
      return this.#answer(() => this.#push(bytes));
    },
    stop: async (streamId: string) => void this.stopped.push(streamId),
    describe: (error: unknown): Failure =>
      error instanceof Refusal ? error.failure : new Refusal('disconnected', true).failure,
    onState: (state: PumpState) => void this.states.push(state),
  };

  async #answer<T>(call: () => T): Promise<T> {
    this.asked += 1;
    const fate = this.#fates.shift() ?? 'good';
    await Promise.resolve();
    if (fate === 'call lost') throw new Error('socket closed');
    if (fate === 'busy') throw new Refusal('engine_behind', true);
    if (fate === 'stream ended') this.#streamId = '';
    const answer = call();
    if (fate === 'answer lost') throw new Error('socket closed');
    if (fate === 'never answered') return new Promise(() => {});
    return answer;
  }

  #start(beginning: StreamBeginning) {
    if (this.#streamId && !beginning.takeOver) throw new Refusal('stream_exists', false);
    this.beginnings.push(beginning);
    const number = String(this.beginnings.length).padStart(12, '0');
    this.#streamId = `00000000-0000-7000-8000-${number}`;
    this.#next = 0;
    this.#early = new Map();
    return { streamId: this.#streamId };
  }

  #resume({ streamId, fresh }: { streamId: string; fresh: boolean }) {
    this.resumes.push(fresh);
    if (streamId !== this.#streamId) throw new Refusal('stream_ended', false);
    return { nextSeq: this.#next };
  }

  /** The server forgets: it wants again what it had acked. */
  goBack(count: number): void {
    this.#next -= count;
  }

  /** The connection is there again, or not. */
  fate(...fates: Fate[]): void {
    this.#fates.push(...fates);
  }

  #push(bytes: Uint8Array) {
    const { streamId, seq, pcm } = decodeChunk(bytes);
    if (streamId !== this.#streamId) throw new Refusal('stream_ended', false);
    if (seq >= this.#next) this.#early.set(seq, pcm[0] as number);
    for (let mark = this.#early.get(this.#next); mark !== undefined; mark = this.#early.get(this.#next)) {
      this.#early.delete(this.#next);
      this.#next += 1;
      this.heard.push(mark);
    }
    return { nextSeq: this.#next };
  }
}

/** A chunk that can be told from others by its first byte. */
export function chunk(mark: number): Uint8Array {
  return new Uint8Array(2 * CHUNK_SAMPLES).fill(mark);
}

/** Ten chunks a second, as a microphone gives them. The clock must be vitest's. */
export async function speak(pump: Pump, count: number): Promise<void> {
  for (let mark = 0; mark < count; mark += 1) {
    pump.add(chunk(mark));
    await vi.advanceTimersByTimeAsync(100);
  }
}
