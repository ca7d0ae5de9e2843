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
  /** For a stream that replaces a broken one: the age of the first chunk, and how much audio was lost before it. */
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
 * @throws AppError if the user may not speak in this room or is already speaking, if the engine refuses the options, or
 * if a limit or the budget is reached.
 */
export async function startStream(
  parts: SpeechParts,
  streams: Streams,
  user: User,
  { roomId, takeOver, ...audio }: StartOptions,
): Promise<Started> {
  const askedAt = performance.now();
  const { access, budget, store } = parts;
  await access.member(user, roomId);
  const { speech: settings } = await access.visible(user, roomId);
  const { engine, fallback } = requireEngine(parts.choice);
  const options = { ...audio, settings };
  const refusal = engine.refuses(options);
  if (refusal) throw new AppError('BAD_REQUEST', 'engine_refuses', refusal);
  const roomBudget = await budget.check(roomId);
  const streamId = randomUUIDv7();
  admit(streams, user, takeOver);
  await store.addStream({ streamId, roomId, userId: user.id, startedAt: new Date() });
  // Nothing is awaited between this check and `streams.add`, so two starts cannot both pass.
  admit(streams, user, takeOver);
  void streams.openStreamOf(user.id)?.finish({ reason: 'taken_over' });

  const stream = new SpeechStream(
    { streamId, roomId, engine: engine.name, speaker: { id: user.id, name: user.name } },
    {
      ...{ ...options, behindSeconds: behindNow(options.behindSeconds, askedAt) },
      ...{ gate: parts.newGate(options.sampleRate), isBusy: parts.isBusy },
    },
    { ...parts, engine, fallback },
  );
  streams.add(stream);
  // The user may have left the room before the stream subscribed to the bus, so membership is checked again.
  await access.member(user, roomId).catch((error: unknown) => {
    void stream.finish({ reason: 'left_room' });
    throw error;
  });
  return { streamId, engine: engine.name, chunkMs: engine.chunkMs, budget: roomBudget };
}

/**
 * A client that says how old its first audio is has a microphone that is on already. While its call waits for the
 * database, that audio becomes older.
 */
function behindNow(behindSeconds: number | undefined, askedAt: number): number | undefined {
  return behindSeconds === undefined ? undefined : behindSeconds + (performance.now() - askedAt) / 1_000;
}

function requireEngine(choice: EngineChoice): Extract<EngineChoice, { engine: SpeechEngine }> {
  if (choice.engine) return choice;
  throw new AppError('SERVICE_UNAVAILABLE', 'speech_off', choice.reason);
}

/** @throws AppError if the user may not have another stream now. With `takeOver` it may replace the one that is open. */
function admit(streams: Streams, user: User, takeOver: boolean): void {
  streams.checkLimits(user.id);
  const open = streams.openStreamOf(user.id);
  if (!open || takeOver) return;
  throw new AppError('CONFLICT', 'stream_exists', 'You are already speaking, perhaps in another window.', {
    details: { streamId: open.identity.streamId, roomId: open.identity.roomId },
  });
}
