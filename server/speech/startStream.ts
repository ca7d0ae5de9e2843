import { randomUUIDv7 } from 'node:crypto';
import { AppError } from '../../contract/errors.ts';
import type { EngineName, SpeechBudget, User } from '../../contract/types.ts';
import type { SpeechEngine } from '../transcriber/transcriber.ts';
import type { EngineChoice, SpeechParts } from './parts.ts';
import { SpeechStream } from './stream.ts';
import type { Streams } from './streams.ts';

export type StartOptions = {
  roomId: string;
  language: string;
  sampleRate: number;
  takeOver: boolean;
  /** How long ago the audio that comes first was said, and how much was lost before: after a stream that broke off. */
  behindSeconds?: number | undefined;
  lostSeconds?: number | undefined;
};
export type Started = {
  streamId: string;
  engine: EngineName;
  chunkMs: number;
  budget: SpeechBudget | null;
};
/**
 * Opens a speech stream for a member of the room.
 * @throws AppError if they may not speak there, already do elsewhere, or nothing can hear them as the room wants it.
 */
export async function startStream(
  parts: SpeechParts,
  streams: Streams,
  user: User,
  { roomId, takeOver, ...wish }: StartOptions,
): Promise<Started> {
  const { access, budget } = parts;
  await access.member(user, roomId);
  const { speech: settings } = await access.visible(user, roomId);
  const { engine, fallback } = requireEngine(parts.choice);
  const options = { ...wish, settings };
  const refusal = engine.refuses(options);
  if (refusal) throw new AppError('BAD_REQUEST', 'engine_refuses', refusal);
  const left = await budget.check(roomId);
  streams.checkRoomFor(user.id);
  makeWay(streams.live(user.id), takeOver);

  const identity = {
    ...{ streamId: randomUUIDv7(), roomId, engine: engine.name },
    speaker: { id: user.id, name: user.name },
  };
  const gate = parts.newGate(options.sampleRate);
  const stream = new SpeechStream(
    identity,
    { ...options, gate, isBusy: parts.isBusy },
    { ...parts, engine, fallback },
  );
  streams.add(stream);
  // Who left the room before we listened is not told so by the bus.
  await access.member(user, roomId).catch((error: unknown) => {
    void stream.finish({ reason: 'left_room' });
    throw error;
  });
  return { streamId: identity.streamId, engine: engine.name, chunkMs: engine.chunkMs, budget: left };
}

function requireEngine(choice: EngineChoice): Extract<EngineChoice, { engine: SpeechEngine }> {
  if (choice.engine) return choice;
  throw new AppError('SERVICE_UNAVAILABLE', 'speech_off', choice.reason);
}

/** Nothing is awaited between this and the new stream's place in the registry: two starts cannot both pass. */
function makeWay(live: SpeechStream | undefined, takeOver: boolean): void {
  if (!live) return;
  if (takeOver) {
    void live.finish({ reason: 'taken_over' });
    return;
  }
  throw new AppError('CONFLICT', 'stream_exists', 'You are speaking already, perhaps in another window.', {
    details: { streamId: live.identity.streamId, roomId: live.identity.roomId },
  });
}
