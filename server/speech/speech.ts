import { decodeChunk } from '../../contract/chunk.ts';
import { AppError } from '../../contract/errors.ts';
import type { CaptionEvent, EngineInfo, EngineRef, Page, User, Utterance } from '../../contract/types.ts';
import type { Outlet } from '../flow/outlet.ts';
import type { Turn } from '../flow/work.ts';
import type { SpeechEngine } from '../transcriber/transcriber.ts';
import type { CaptionListener } from './captions/captionListener.ts';
import { continueStream, type Resumed } from './continuation.ts';
import type { SpeechParts } from './parts.ts';
import { type Started, type StartOptions, startStream } from './startStream.ts';
import type { StreamSummary } from './stream.ts';
import { Streams } from './streams.ts';
import { fromMessage } from './utterances.ts';

export type TranscriptQuery = {
  roomId: string;
  from?: Date | undefined;
  to?: Date | undefined;
  speakerId?: string | undefined;
  after?: number | undefined;
  limit: number;
};

/** The answer to an accepted chunk: the sequence number of the next one. */
export type Accepted = { nextSeq: number };

/** With `fresh`, the client keeps only what is said from now on. @see SpeechStream.resume */
export type KeptAudio = { streamId: string; fresh: boolean };

export type Speech = {
  /** The engines of this server. With a room, its speech budget too; only members may ask. */
  engine: (user: User, roomId?: string) => Promise<EngineInfo>;
  start: (user: User, options: StartOptions) => Promise<Started>;
  /** Accepts one chunk. A chunk of a stream that is far ahead of the time waits. @see Pace */
  push: (user: User, bytes: Uint8Array) => Accepted | Promise<Accepted>;
  /** @see SpeechStream.resume */
  resume: (user: User, streamId: string, fresh: boolean) => Accepted;
  /** Resumes a stream of a client that keeps its audio until the words are saved. @see continueStream */
  resumeKept: (user: User, stream: KeptAudio, turn: Turn) => Promise<Resumed>;
  stop: (user: User, streamId: string) => Promise<StreamSummary>;
  live: (user: User, roomId: string, outlet?: Outlet<CaptionEvent>) => Promise<CaptionListener>;
  list: (user: User, query: TranscriptQuery) => Promise<Page<Utterance>>;
  /** Ends all streams. Their engines have `withinMs` to finish; then they are aborted. */
  close: (withinMs: number) => Promise<void>;
};

export function createSpeech(parts: SpeechParts): Speech {
  const { choice, store, bus, access, captions, watch, budget } = parts;
  const streams = new Streams(bus, watch);

  return {
    async engine(user, roomId) {
      if (!choice.engine) return { available: false, reason: choice.reason };
      if (roomId) await access.member(user, roomId);
      return {
        ...refOf(choice.engine),
        available: true,
        fallback: choice.fallback && refOf(choice.fallback),
        budget: roomId ? await budget.get(roomId) : null,
      };
    },

    start: (user, options) => startStream(parts, streams, user, options),

    push(user, bytes) {
      const { streamId, seq, pcm } = readChunk(bytes);
      const stream = streams.get(user, streamId);
      const accept = () => ({ nextSeq: stream.push(seq, pcm) });
      return stream.pace.isAhead ? stream.pace.wait().then(accept) : accept();
    },

    resume: (user, streamId, fresh) => ({ nextSeq: streams.get(user, streamId).resume(fresh) }),

    async resumeKept(user, { streamId, fresh }, turn) {
      if (!fresh) return continueStream(parts, streams, { user, streamId, turn });
      const stream = streams.get(user, streamId);
      return { nextSeq: stream.resume(true), heardUntil: stream.savedUntil };
    },

    async stop(user, streamId) {
      return streams.get(user, streamId).finish({ reason: 'stopped' });
    },

    async live(user, roomId, outlet) {
      await access.member(user, roomId);
      const live = captions.subscribe({ id: user.id, name: user.name }, roomId, outlet);
      await access.member(user, roomId).catch(async (error: unknown) => {
        await live.return();
        throw error;
      });
      return live;
    },

    async list(user, { roomId, limit, ...query }) {
      await access.member(user, roomId);
      const messages = await store.listSpoken(roomId, { ...query, limit: limit + 1 });
      const items = messages.slice(0, limit).flatMap((message) => fromMessage(message) ?? []);
      return { items, hasMore: messages.length > limit };
    },

    close: (withinMs) =>
      streams.finishAll({ reason: 'server_stopping', message: 'The server is restarting.' }, withinMs),
  };
}

function refOf({ name, label, description, languages, features }: SpeechEngine): EngineRef {
  return { name, label, description, languages, features };
}

function readChunk(bytes: Uint8Array) {
  try {
    return decodeChunk(bytes);
  } catch (cause) {
    throw new AppError(
      'BAD_REQUEST',
      'chunk_malformed',
      `These bytes are not a chunk: ${(cause as Error).message}.`,
      {
        cause,
      },
    );
  }
}
