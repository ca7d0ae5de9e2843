import { once } from 'node:events';
import { WebSocket } from 'ws';
import { encodeChunk } from '../../contract/chunk.ts';
import { wireEncoder } from '../../contract/encoder.ts';
import type { CaptionEvent } from '../../contract/types.ts';
import { SAMPLE_RATE, Song, type SongOptions } from './syntheticSpeech.ts';

type Answer = {
  id: number;
  result?: { type: string; data?: unknown };
  error?: { message: string; data: { reason: string; retryable: boolean } };
};

export type SpeakerParts = {
  url: string;
  name: string;
  song: SongOptions;
  onAck?: (seq: number) => void;
  onCaption: (event: CaptionEvent) => void;
};

/** The ids of calls; a chunk's is its number and this. */
const LISTEN = 1;
const CALL = 2;
const PUSH = 1_000;
/** Chunks under way at once, as in the client of a browser. */
const WINDOW = 16;
/** A chunk that was refused is sent again after this. */
const RESEND_MS = 500;

/**
 * Somebody who sings in a room of their own and reads the captions there, with next to nothing between them and the
 * server: one socket, whose frames are masked with zeros, which costs nothing.
 */
export class Speaker {
  readonly song: Song;
  readonly roomId: string;
  isLive = false;
  /** Chunks that were refused once. */
  refused = 0;
  readonly #parts: SpeakerParts;
  readonly #socket: WebSocket;
  /** What has not been acked, in order, and how much of it is under way. */
  readonly #unacked = new Map<number, Uint8Array>();
  readonly #underWay = new Set<number>();
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
    this.song = new Song(parts.song);
    socket.on('message', (data) => this.#receive(data.toString()));
  }

  get unacked(): number {
    return this.#unacked.size;
  }

  /** To be followed by chunks: who is silent for long is taken to be gone. */
  async start(): Promise<void> {
    this.#socket.send(request(LISTEN, 'subscription', 'transcripts.live', { roomId: this.roomId }));
    const options = { roomId: this.roomId, language: 'en-US', sampleRate: SAMPLE_RATE };
    ({ streamId: this.#streamId } = (await this.#callEngine('transcripts.start', options)) as {
      streamId: string;
    });
    this.isLive = true;
  }

  /** Sings for another 100 ms. */
  push(): number {
    const seq = this.#seq;
    this.#seq += 1;
    const bytes = encodeChunk({ streamId: this.#streamId, seq, pcm: this.song.nextChunk() });
    this.#unacked.set(seq, bytes);
    this.#fill();
    return seq;
  }

  /** Answers when everything has been acked and heard. */
  async stop(): Promise<{ audioSeconds: number; billedSeconds: number }> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#allAcked = resolve;
    if (this.#unacked.size > 0) await promise;
    return (await this.#callEngine('transcripts.stop', { streamId: this.#streamId })) as {
      audioSeconds: number;
      billedSeconds: number;
    };
  }

  async leave(): Promise<void> {
    this.#socket.close();
    await once(this.#socket, 'close');
  }

  /** One at a time. @throws Error with the reason. */
  async #callEngine(path: string, input: object): Promise<unknown> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#answer = resolve;
    this.#send(CALL, path, input);
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
    if (answer.id >= PUSH) this.#acked(answer.id - PUSH, answer);
    else if (answer.id === CALL) this.#answer?.(answer);
    else if (answer.result?.type === 'data') this.#parts.onCaption(answer.result.data as CaptionEvent);
  }

  #acked(seq: number, { error }: Answer): void {
    this.#underWay.delete(seq);
    if (!error) {
      this.#unacked.delete(seq);
      this.#parts.onAck?.(seq);
      if (this.#unacked.size === 0) this.#allAcked?.();
    } else {
      if (!error.data.retryable) throw new Error(`${this.#parts.name}: ${JSON.stringify(error)}`);
      this.refused += 1;
      this.#resend ??= setTimeout(() => {
        this.#resend = undefined;
        this.#fill();
      }, RESEND_MS);
    }
    this.#fill();
  }

  #fill(): void {
    if (this.#resend) return;
    for (const [seq, bytes] of this.#unacked) {
      if (this.#underWay.size === WINDOW) return;
      if (this.#underWay.has(seq)) continue;
      this.#underWay.add(seq);
      this.#send(PUSH + seq, 'transcripts.push', bytes);
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
