import { setTimeout as sleep } from 'node:timers/promises';
import { Channel } from '../channel.ts';
import type { Writer } from '../chat/writer.ts';
import { LIMITS } from '../contract/limits.ts';
import type { StreamState, Utterance } from '../contract/types.ts';
import { AppError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { AudioChunk, SpeechEngine, SpeechOptions, TranscriptEvent } from '../transcriber/transcriber.ts';
import type { Captions } from './captions.ts';
import { ChunkOrder } from './chunkOrder.ts';
import { type StreamIdentity, toMessage, Utterances } from './utterances.ts';

export type StreamParts = {
  engine: SpeechEngine;
  writer: Pick<Writer, 'write'>;
  captions: Captions;
  log: Log;
};

/** What a stream came to: how many utterances were kept, and seconds of audio taken in and paid for. */
export type StreamSummary = { utterances: number; audioSeconds: number; billedSeconds: number };

/** Why a stream ends, as a stable word, with a sentence for people where there is more to say. */
export type EndReason = {
  reason: string;
  message?: string;
  /** A new stream would end in the same way: wrong credentials, a language the engine does not have. */
  hopeless?: boolean;
};

/** Without a chunk for this long a stream ends: its speaker is gone. Under the 15 s that Amazon Transcribe waits. */
const IDLE_MS = 12_000;
/** Once the audio has ended: how long the engine may neither draw audio nor say a word before it is given up. */
const FINISH_MS = 10_000;
/** How much audio may wait for the engine before chunks are refused for a moment. */
const QUEUE_SECONDS = 30;
const RETRY_MS = [250, 500, 1_000, 2_000, 5_000];

/**
 * One microphone in one room, from `start` to `stop`: chunks in any order go in, captions and messages come out.
 * However it ends, the engine is let go, everybody in the room is told, and `done` settles.
 */
export class SpeechStream {
  readonly identity: StreamIdentity;
  readonly options: SpeechOptions;
  /** Settles, never rejects, when all is over and freed. */
  readonly done: Promise<StreamSummary>;
  readonly #parts: StreamParts;
  readonly #order = new ChunkOrder();
  readonly #audio = new Channel<AudioChunk>();
  readonly #letEngineGo = new AbortController();
  readonly #giveUp = new AbortController();
  readonly #utterances: Utterances;
  #idleTimer: NodeJS.Timeout | undefined;
  #finishTimer: NodeJS.Timeout | undefined;
  #ending: EndReason | undefined;
  #audioStartedAt: number | undefined;
  #samples = 0;
  #queuedSamples = 0;
  #kept = 0;

  constructor(identity: StreamIdentity, options: SpeechOptions, parts: StreamParts) {
    this.identity = identity;
    this.options = options;
    this.#parts = parts;
    this.#utterances = new Utterances(identity);
    this.#tell('listening');
    this.#waitForChunks();
    this.done = this.#run();
  }

  /** Why it is ending or has ended; undefined while it takes chunks. */
  get ending(): EndReason | undefined {
    return this.#ending;
  }

  /**
   * Takes one chunk in and answers the number wanted next. A refused chunk uses up no number.
   * @throws AppError for a chunk that is malformed, too far ahead, or more than the engine can take right now.
   */
  push(seq: number, pcm: Uint8Array): number {
    if (this.#ending) throw streamEnded(this.#ending);
    // Before anything is refused: whoever sends is there, even if the engine cannot follow.
    this.#waitForChunks();
    this.#checkChunk(pcm);
    // The bytes belong to the socket's buffer: what is held longer than this call must be a copy. (Not by `slice`,
    // which copies nothing if they are a Buffer.)
    for (const ready of this.#order.take(seq, new Uint8Array(pcm))) this.#enqueue(ready);
    return this.#order.nextSeq;
  }

  /** Takes no more chunks and lets the engine finish what it has heard. Answers when all is over. */
  finish(why: EndReason): Promise<StreamSummary> {
    if (!this.#ending) {
      this.#ending = why;
      clearTimeout(this.#idleTimer);
      for (const held of this.#order.rest()) this.#enqueue(held);
      this.#audio.end();
      this.#expectProgress();
    }
    return this.done;
  }

  /** Ends it all at once, whatever the engine has not said and the database has not kept yet. */
  abort(): void {
    this.#letEngineGo.abort();
    this.#giveUp.abort();
  }

  /** While it finishes, an engine that works has all the time it needs, and one that hangs has little. */
  #expectProgress(): void {
    clearTimeout(this.#finishTimer);
    if (this.#ending) this.#finishTimer = setTimeout(() => this.#cutOff(), FINISH_MS);
  }

  #cutOff(): void {
    const lostSeconds = Math.round(this.#queuedSamples / this.options.sampleRate);
    const message = `The speech engine did not finish; ${lostSeconds} seconds of speech were lost.`;
    if (lostSeconds > 0) this.#ending = { reason: 'engine_failed', message };
    this.#parts.log.warn({ streamId: this.identity.streamId, lostSeconds }, 'speech engine did not finish');
    this.#letEngineGo.abort();
  }

  #checkChunk(pcm: Uint8Array): void {
    const { sampleRate } = this.options;
    if (pcm.byteLength === 0) throw new AppError('BAD_REQUEST', 'chunk_empty', 'The chunk holds no audio.');
    if (pcm.byteLength % 2 !== 0) {
      throw new AppError('BAD_REQUEST', 'chunk_odd', 'The chunk holds half a sample; samples are 2 bytes.');
    }
    if (pcm.byteLength > 2 * sampleRate * LIMITS.chunkSeconds) {
      throw new AppError('PAYLOAD_TOO_LARGE', 'chunk_too_long', 'A chunk holds at most one second of audio.');
    }
    if (this.#queuedSamples > QUEUE_SECONDS * sampleRate) {
      throw new AppError(
        'TOO_MANY_REQUESTS',
        'engine_behind',
        'The speech engine is behind. Wait a moment.',
        {
          retryable: true,
          retryAfterMs: 500,
        },
      );
    }
  }

  #enqueue(pcm: Uint8Array): void {
    const samples = pcm.byteLength / 2;
    this.#audioStartedAt ??= Date.now() - (samples / this.options.sampleRate) * 1_000;
    this.#samples += samples;
    this.#queuedSamples += samples;
    this.#audio.push(pcm);
  }

  #waitForChunks(): void {
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => void this.finish({ reason: 'idle' }), IDLE_MS);
  }

  async #run(): Promise<StreamSummary> {
    try {
      await this.#transcribe();
      // An engine that stops listening while the audio goes on has failed, even if it did so without a word.
      this.#ending ??= { reason: 'engine_failed', message: 'The speech engine stopped listening.' };
    } catch (error) {
      this.#ending ??= whyFailed(error);
      this.#parts.log.warn({ err: error, streamId: this.identity.streamId }, 'speech engine failed');
    } finally {
      clearTimeout(this.#idleTimer);
      clearTimeout(this.#finishTimer);
      await this.#audio.return();
      this.#tell('ended', this.#ending);
    }
    return this.#summary();
  }

  async #transcribe(): Promise<void> {
    const { engine } = this.#parts;
    const events = engine.transcribe(this.#dequeue(), { ...this.options, signal: this.#letEngineGo.signal });
    for await (const event of events) await this.#hear(event);
  }

  /** The audio as the engine draws it; what it has drawn makes room for more. */
  async *#dequeue(): AsyncGenerator<AudioChunk, void, void> {
    for await (const pcm of this.#audio) {
      this.#queuedSamples -= pcm.byteLength / 2;
      this.#expectProgress();
      yield pcm;
    }
  }

  async #hear(event: TranscriptEvent): Promise<void> {
    const utterance = this.#utterances.from(event, this.#audioStartedAt ?? Date.now());
    // The engine waits while we do: a database that is away is not held against it.
    clearTimeout(this.#finishTimer);
    const seq = event.type === 'final' ? await this.#keep(utterance) : null;
    this.#expectProgress();
    this.#parts.captions.publish(this.identity.roomId, {
      type: event.type,
      utterance: { ...utterance, seq },
    });
  }

  /** A finished utterance waits for a database that is away; it is not thrown away. */
  async #keep(utterance: Utterance): Promise<number | null> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const { seq } = await this.#parts.writer.write({
          type: 'append',
          message: toMessage(utterance),
        });
        this.#kept += 1;
        return seq;
      } catch (error) {
        this.#parts.log.error(
          { err: error, streamId: this.identity.streamId },
          'could not keep an utterance',
        );
        if (!(error instanceof AppError && error.retryable) || this.#giveUp.signal.aborted) return null;
        await this.#pause(RETRY_MS[attempt] ?? RETRY_MS.at(-1));
      }
    }
  }

  async #pause(ms: number | undefined): Promise<void> {
    await sleep(ms, undefined, { signal: this.#giveUp.signal }).catch(() => {});
  }

  #tell(state: StreamState, why?: EndReason): void {
    const { streamId, speaker, roomId, engine } = this.identity;
    this.#parts.captions.publish(roomId, {
      type: 'stream',
      streamId,
      speaker,
      state,
      engine,
      reason: why?.reason,
      message: why?.message,
    });
  }

  #summary(): StreamSummary {
    const audioSeconds = this.#samples / this.options.sampleRate;
    return {
      utterances: this.#kept,
      audioSeconds,
      billedSeconds: this.#parts.engine.billedSeconds(audioSeconds),
    };
  }
}

/** What the caller of a stream that is over hears: to start a new one, or why that is no use. */
export function streamEnded({ reason, message, hopeless }: EndReason): AppError {
  if (hopeless) return new AppError('SERVICE_UNAVAILABLE', reason, message ?? 'Speech is not available.');
  return new AppError(
    'CONFLICT',
    'stream_ended',
    message ?? 'This speech stream has ended. Start a new one.',
    {
      details: { endedBecause: reason },
    },
  );
}

function whyFailed(error: unknown): EndReason {
  return error instanceof AppError
    ? { reason: error.reason, message: error.message, hopeless: !error.retryable }
    : { reason: 'engine_failed', message: 'The speech engine failed.' };
}
