import { randomUUIDv7 } from 'node:crypto';
import type { Store } from '../../db/store.ts';
import type { Bus } from '../bus/bus.ts';
import type { Access } from '../chat/access.ts';
import type { MemberWatch } from '../chat/memberWatch.ts';
import type { Writer } from '../chat/writer.ts';
import { decodeChunk } from '../contract/chunk.ts';
import type { CaptionEvent, EngineInfo, EngineName, Page, User, Utterance } from '../contract/types.ts';
import { AppError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Outlet } from '../outlet.ts';
import type { SpeechEngine } from '../transcriber/transcriber.ts';
import type { CaptionListener } from './captionListener.ts';
import type { Captions } from './captions.ts';
import { SpeechStream, type StreamSummary } from './stream.ts';
import { Streams } from './streams.ts';
import { fromMessage } from './utterances.ts';

/** The engine of this server, or why there is none, in a sentence for people. */
export type EngineChoice = { engine: SpeechEngine } | { engine: null; reason: string };

export type StartOptions = { roomId: string; language: string; sampleRate: number; takeOver: boolean };
export type Started = { streamId: string; engine: EngineName; chunkMs: number };
export type TranscriptQuery = {
  roomId: string;
  from?: Date | undefined;
  to?: Date | undefined;
  speakerId?: string | undefined;
  after?: number | undefined;
  limit: number;
};

export type Speech = {
  engine: () => EngineInfo;
  start: (user: User, options: StartOptions) => Promise<Started>;
  push: (user: User, bytes: Uint8Array) => { nextSeq: number };
  stop: (user: User, streamId: string) => Promise<StreamSummary>;
  live: (user: User, roomId: string, outlet?: Outlet<CaptionEvent>) => Promise<CaptionListener>;
  list: (user: User, query: TranscriptQuery) => Promise<Page<Utterance>>;
  /** Lets every stream say its last words, for at most `withinMs`. */
  close: (withinMs: number) => Promise<void>;
};

export type SpeechParts = {
  choice: EngineChoice;
  store: Pick<Store, 'listSpoken'>;
  bus: Bus;
  access: Access;
  writer: Writer;
  captions: Captions;
  watch: MemberWatch;
  log: Log;
};

export function createSpeech(parts: SpeechParts): Speech {
  const { choice, store, bus, access, writer, captions, watch, log } = parts;
  const streams = new Streams(bus, watch);

  return {
    engine: () => describe(choice),

    async start(user, { roomId, takeOver, ...options }) {
      await access.member(user, roomId);
      const engine = requireEngine(choice);
      const refusal = engine.refuses(options);
      if (refusal) throw new AppError('BAD_REQUEST', 'engine_refuses', refusal);
      streams.checkRoomFor(user.id);
      makeWay(streams.live(user.id, roomId), takeOver);

      const identity = {
        streamId: randomUUIDv7(),
        roomId,
        speaker: { id: user.id, name: user.name },
        engine: engine.name,
      };
      const stream = new SpeechStream(identity, options, { engine, writer, captions, log });
      streams.add(stream);
      // Who left the room before we listened is not told so by the bus.
      await access.member(user, roomId).catch((error: unknown) => {
        void stream.finish({ reason: 'left_room' });
        throw error;
      });
      return { streamId: identity.streamId, engine: engine.name, chunkMs: engine.chunkMs };
    },

    push(user, bytes) {
      const { streamId, seq, pcm } = readChunk(bytes);
      return { nextSeq: streams.ownLive(user, streamId).push(seq, pcm) };
    },

    async stop(user, streamId) {
      return streams.own(user, streamId).finish({ reason: 'stopped' });
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

function describe(choice: EngineChoice): EngineInfo {
  if (!choice.engine) return { available: false, reason: choice.reason };
  const { name, label, description, languages, features } = choice.engine;
  return { available: true, name, label, description, languages, features, fallback: null, budget: null };
}

function requireEngine(choice: EngineChoice): SpeechEngine {
  if (choice.engine) return choice.engine;
  throw new AppError('SERVICE_UNAVAILABLE', 'speech_off', choice.reason);
}

/** Nothing is awaited between this and the new stream's place in the registry: two starts cannot both pass. */
function makeWay(live: SpeechStream | undefined, takeOver: boolean): void {
  if (!live) return;
  if (takeOver) {
    void live.finish({ reason: 'taken_over' });
    return;
  }
  throw new AppError(
    'CONFLICT',
    'stream_exists',
    'You are speaking in this room already, perhaps in another window.',
    {
      details: { streamId: live.identity.streamId },
    },
  );
}

function readChunk(bytes: Uint8Array) {
  try {
    return decodeChunk(bytes);
  } catch (cause) {
    throw new AppError('BAD_REQUEST', 'chunk_malformed', `Not a chunk: ${(cause as Error).message}.`, {
      cause,
    });
  }
}
