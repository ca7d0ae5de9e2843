import type { EngineName, StreamState } from '../../contract/types.ts';
import type { Captions } from './captions/captions.ts';
import type { SpeechMeter } from './meter.ts';
import type { StreamIdentity } from './utterances.ts';

/** `place`: the place in the admission queue, if the stream waits for one. */
type Status = {
  state: StreamState;
  reason?: string | undefined;
  message?: string | undefined;
  place?: number;
};

const LISTENING: Status = { state: 'listening' };

/** The status of a stream. It is published to the room at the start and whenever it changes. */
export class StreamStatus {
  readonly #identity: StreamIdentity;
  readonly #captions: Pick<Captions, 'publish'>;
  readonly #meter: SpeechMeter;
  #engineStatus = LISTENING;
  #isSilent = false;
  #isDisconnected = false;
  #end: Status | undefined;
  #engine: EngineName;
  #published: (Status & { engine: EngineName }) | undefined;

  constructor(identity: StreamIdentity, captions: Pick<Captions, 'publish'>, meter: SpeechMeter) {
    this.#identity = identity;
    this.#captions = captions;
    this.#meter = meter;
    this.#engine = identity.engine;
    this.#publishIfChanged();
  }

  /** A new segment begins. It starts with the first engine. */
  startSegment(): void {
    this.setEngineStatus(LISTENING, this.#identity.engine);
  }

  setEngineStatus(status: Status, engine = this.#engine): void {
    this.#engineStatus = status;
    this.#engine = engine;
    this.#publishIfChanged();
  }

  /** @param isSilent whether nobody has spoken for a while. */
  setSilent(isSilent: boolean): void {
    this.#isSilent = isSilent;
    this.#publishIfChanged();
  }

  /** @param isDisconnected whether no chunks arrive. */
  setDisconnected(isDisconnected: boolean): void {
    if (isDisconnected === this.#isDisconnected) return;
    this.#isDisconnected = isDisconnected;
    this.#publishIfChanged();
  }

  end(why: Omit<Status, 'state'>): void {
    this.#end = { state: 'ended', reason: why.reason, message: why.message };
    this.#publishIfChanged();
    this.#meter.stateChanged('ended', undefined);
  }

  /** The most important status: the end, then a lost connection, then the engine's status, then silence. */
  get #current(): Status {
    if (this.#end) return this.#end;
    if (this.#isDisconnected) return { state: 'recovering', reason: 'network' };
    if (this.#engineStatus.state !== 'listening') return this.#engineStatus;
    return this.#isSilent ? { state: 'paused', reason: 'silence' } : LISTENING;
  }

  #publishIfChanged(): void {
    const next = { ...this.#current, engine: this.#engine };
    const last = this.#published;
    if (last && COMPARED_KEYS.every((key) => last[key] === next[key])) return;
    if (last?.state !== next.state) this.#meter.stateChanged(last?.state, next.state);
    this.#published = next;
    const { streamId, speaker, roomId } = this.#identity;
    this.#captions.publish(roomId, { type: 'stream', streamId, speaker, ...next });
  }
}

const COMPARED_KEYS = ['state', 'engine', 'reason', 'message', 'place'] as const;
