import { once } from 'node:events';
import { WebSocket } from 'ws';
import { encodeChunk } from '../../contract/chunk.ts';
import { wireEncoder } from '../../contract/encoder.ts';
import type { CaptionEvent } from '../../contract/types.ts';
import { SAMPLE_RATE, SyntheticSpeech, type SyntheticSpeechOptions } from './syntheticSpeech.ts';

type Answer = {
  id: number;
  result?: { type: string; data?: unknown };
  error?: { message: string; data: { reason: string; retryable: boolean } };
};

export type SpeakerParts = {
  url: string;
  name: string;
  speech: SyntheticSpeechOptions;
  onAck?: (seq: number) => void;
  onCaption: (event: CaptionEvent) => void;
};

/** Ids of tRPC requests. A chunk's id is its number plus `FIRST_PUSH_ID`. */
const SUBSCRIPTION_ID = 1;
const CALL_ID = 2;
const FIRST_PUSH_ID = 1_000;
/** How many chunks are in flight at once, as in the browser's client. */
const WINDOW = 16;
/** A refused chunk is sent again after this time. */
const RESEND_MS = 500;

/**
 * A person who speaks synthetic speech in a room of their own and reads the captions there. The client is one bare
 * socket, so that it costs little. It masks its frames with zeros, which changes no byte.
 */
export class Speaker {
  readonly speech: SyntheticSpeech;
  readonly roomId: string;
  isLive = false;
  /** How often a chunk was refused. */
  refusals = 0;
  readonly #parts: SpeakerParts;
  readonly #socket: WebSocket;
  /** Chunks without an ack, by number, in order. */
  readonly #unacked = new Map<number, Uint8Array>();
  readonly #inFlight = new Set<number>();
  #resend: NodeJS.Timeout | undefined;
  #allAcked: (() => void) | undefined;
  #answer: ((answer: Answer) => void) | undefined;
  #streamId = '';
  #seq = 0;

  static async enter(parts: SpeakerParts): Promise<Speaker> {
    const { token } = await call<{ token: string }>(parts.url, 'session.guest', { name: parts.name });
    const room = await call<{ id: string }>(parts.url, 'rooms.create', { name: parts.name }, token);
    const socket = new WebSocket(`${parts.url.replace(/^http/, 'ws')}/trpc?connectionParams=1`, {
      perMessageDeflate: false,
      generateMask: () => {},
    });
    await once(socket, 'open');
    socket.send(JSON.stringify({ method: 'connectionParams', data: { token } }));
    return new Speaker(parts, room.id, socket);
  }

  private constructor(parts: SpeakerParts, roomId: string, socket: WebSocket) {
    this.#parts = parts;
    this.#socket = socket;
    this.roomId = roomId;
    this.speech = new SyntheticSpeech(parts.speech);
    socket.on('message', (data) => this.#receive(data.toString()));
  }

  get unacked(): number {
    return this.#unacked.size;
  }

  /** Starts the stream. Chunks must follow: the server ends a stream without chunks after 20 s. */
  async start(): Promise<void> {
    this.#socket.send(request(SUBSCRIPTION_ID, 'subscription', 'transcripts.live', { roomId: this.roomId }));
    const options = { roomId: this.roomId, language: 'en-US', sampleRate: SAMPLE_RATE };
    ({ streamId: this.#streamId } = (await this.#call('transcripts.start', options)) as {
      streamId: string;
    });
    this.isLive = true;
  }

  /** Speaks for another 100 ms. @returns the number of the chunk. */
  push(): number {
    const seq = this.#seq;
    this.#seq += 1;
    const bytes = encodeChunk({ streamId: this.#streamId, seq, pcm: this.speech.nextChunk() });
    this.#unacked.set(seq, bytes);
    this.#sendChunks();
    return seq;
  }

  /** Stops the stream. Resolves when all chunks are acked and all audio is recognised. */
  async stop(): Promise<{ audioSeconds: number; billedSeconds: number }> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#allAcked = resolve;
    if (this.#unacked.size > 0) await promise;
    return (await this.#call('transcripts.stop', { streamId: this.#streamId })) as {
      audioSeconds: number;
      billedSeconds: number;
    };
  }

  async leave(): Promise<void> {
    this.#socket.close();
    await once(this.#socket, 'close');
  }

  /** Callers make one call at a time. @throws Error with the reason. */
  async #call(path: string, input: object): Promise<unknown> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#answer = resolve;
    this.#send(CALL_ID, path, input);
    const { result, error } = await promise;
    if (error) throw new Error(`${path}: ${error.data.reason}: ${error.message}`);
    return result?.data;
  }

  #send(id: number, path: string, input: object): void {
    this.#socket.send(wireEncoder.encode({ id, method: 'mutation', params: { path, input } }));
  }

  #receive(text: string): void {
    if (text === 'PING') {
      this.#socket.send('PONG');
      return;
    }
    const answer = JSON.parse(text) as Answer;
    if (answer.id >= FIRST_PUSH_ID) this.#onPushAnswer(answer.id - FIRST_PUSH_ID, answer);
    else if (answer.id === CALL_ID) this.#answer?.(answer);
    else if (answer.result?.type === 'data') this.#parts.onCaption(answer.result.data as CaptionEvent);
  }

  #onPushAnswer(seq: number, { error }: Answer): void {
    this.#inFlight.delete(seq);
    if (!error) {
      this.#unacked.delete(seq);
      this.#parts.onAck?.(seq);
      if (this.#unacked.size === 0) this.#allAcked?.();
    } else {
      if (!error.data.retryable) throw new Error(`${this.#parts.name}: ${JSON.stringify(error)}`);
      this.refusals += 1;
      this.#resend ??= setTimeout(() => {
        this.#resend = undefined;
        this.#sendChunks();
      }, RESEND_MS);
    }
    this.#sendChunks();
  }

  /** Sends unacked chunks until the window is full, unless a refused chunk has to wait. */
  #sendChunks(): void {
    if (this.#resend) return;
    for (const [seq, bytes] of this.#unacked) {
      if (this.#inFlight.size === WINDOW) return;
      if (this.#inFlight.has(seq)) continue;
      this.#inFlight.add(seq);
      this.#send(FIRST_PUSH_ID + seq, 'transcripts.push', bytes);
    }
  }
}

function request(id: number, method: string, path: string, input: object): string {
  return JSON.stringify({ id, method, params: { path, input } });
}

async function call<T>(url: string, path: string, input: object, token?: string): Promise<T> {
  const response = await fetch(`${url}/trpc/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(input),
  });
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return ((await response.json()) as { result: { data: T } }).result.data;
}
