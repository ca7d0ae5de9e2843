import type { EngineName, StreamState } from '../../contract/types.ts';
import type { Captions } from './captions/captions.ts';
import type { SpeechMeter } from './meter.ts';
import type { StreamIdentity } from './utterances.ts';

type Condition = {
  state: StreamState;
  reason?: string | undefined;
  message?: string | undefined;
  place?: number;
};

const LISTENING: Condition = { state: 'listening' };

/** How a stream is, as everybody in the room is told: once, and again whenever it changes. */
export class StreamStatus {
  readonly #identity: StreamIdentity;
  readonly #captions: Pick<Captions, 'publish'>;
  readonly #meter: SpeechMeter;
  /** What the engine says of itself. */
  #hearing = LISTENING;
  #isQuiet = false;
  #isAway = false;
  #end: Condition | undefined;
  #engine: EngineName;
  #told: (Condition & { engine: EngineName }) | undefined;

  constructor(identity: StreamIdentity, captions: Pick<Captions, 'publish'>, meter: SpeechMeter) {
    this.#identity = identity;
    this.#captions = captions;
    this.#meter = meter;
    this.#engine = identity.engine;
    this.#tell();
  }

  /** A new stretch begins, with the first engine. */
  begin(): void {
    this.hearing(LISTENING, this.#identity.engine);
  }

  hearing(condition: Condition, engine = this.#engine): void {
    this.#hearing = condition;
    this.#engine = engine;
    this.#tell();
  }

  /** Nobody has spoken for a while. */
  quiet(isQuiet: boolean): void {
    this.#isQuiet = isQuiet;
    this.#tell();
  }

  /** No audio comes from its speaker. */
  away(isAway: boolean): void {
    if (isAway === this.#isAway) return;
    this.#isAway = isAway;
    this.#tell();
  }

  end(why: Omit<Condition, 'state'>): void {
    this.#end = { state: 'ended', reason: why.reason, message: why.message };
    this.#tell();
    this.#meter.moved('ended', undefined);
  }

  /** What matters most. */
  get #now(): Condition {
    if (this.#end) return this.#end;
    if (this.#isAway) return { state: 'recovering', reason: 'network' };
    if (this.#hearing.state !== 'listening') return this.#hearing;
    return this.#isQuiet ? { state: 'paused', reason: 'silence' } : LISTENING;
  }

  #tell(): void {
    const next = { ...this.#now, engine: this.#engine };
    const told = this.#told;
    if (told && KEYS.every((key) => told[key] === next[key])) return;
    if (told?.state !== next.state) this.#meter.moved(told?.state, next.state);
    this.#told = next;
    const { streamId, speaker, roomId } = this.#identity;
    this.#captions.publish(roomId, { type: 'stream', streamId, speaker, ...next });
  }
}

const KEYS = ['state', 'engine', 'reason', 'message', 'place'] as const;
