import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../contract/errors.ts';
import type { AudioPlace, User } from '../../contract/types.ts';
import type { Bus } from '../bus/bus.ts';
import type { Turn } from '../flow/work.ts';
import { type EndReason, streamEnded } from './endReason.ts';
import type { SpeechParts } from './parts.ts';
import type { SpeechStream } from './stream.ts';
import { type Streams, streamUnknown } from './streams.ts';

/** `heardUntil`: the audio before this place is saved, so the client may let go of it. */
export type Resumed = { nextSeq: number; heardUntil: AudioPlace };

/** A process that lives answers at once that it finishes the stream … */
const ANSWER_MS = 500;
/** … and this long a call waits until it has finished. Then the client asks again. */
const FINISH_MS = 2_000;

/**
 * Resumes a stream of a client that keeps its audio until the words are saved. If the stream is over, wherever it ran, the
 * error tells how far it is saved, and nothing more of it will be. The client says the rest again in a new stream.
 * @param turn waits for the caller's turn at the database.
 * @throws AppError `stream_ended` with `heardSeq` and `heardSamples` in its details, an AudioPlace; `stream_finishing`
 *   (retryable) while a process that lives saves the last words; `stream_unknown` for a stream that never was, that began
 *   more than a week ago, or of somebody else.
 */
export async function continueStream(
  parts: SpeechParts,
  streams: Streams,
  { user, streamId, turn }: { user: User; streamId: string; turn: Turn },
): Promise<Resumed> {
  const { store, bus } = parts;
  const own = streams.find(user, streamId);
  if (own && !own.ending) return { nextSeq: own.resume(false), heardUntil: own.savedUntil };
  if (own) await untilOver(own);
  if (own?.ending && own.isSettled) throw endedAt(own.acceptedUntil, own.ending);

  const kept = await turn(() => store.findStream(user.id, streamId));
  if (!kept) throw streamUnknown();
  const isLost = !own && !kept.sealed && (await isDead(bus, kept.roomId, { streamId, userId: user.id }));
  const heardUntil = await turn(() => store.sealStream(user.id, streamId));
  if (!heardUntil) throw streamUnknown();
  if (isLost) tellEnd(parts, kept.roomId, { streamId, user });
  throw endedAt(heardUntil, { reason: isLost ? 'server_lost' : 'ended' });
}

function endedAt({ seq, samples }: AudioPlace, why: EndReason): AppError {
  return streamEnded(why, { heardSeq: seq, heardSamples: samples });
}

/** Without this, the others would show the speaker twice until they notice that the process is dead. */
function tellEnd(
  { captions, choice }: SpeechParts,
  roomId: string,
  { streamId, user: { id, name } }: { streamId: string; user: User },
): void {
  if (!choice.engine) return;
  const end = { state: 'ended', reason: 'server_lost', engine: choice.engine.name } as const;
  captions.publish(roomId, { type: 'stream', streamId, speaker: { id, name }, ...end });
}

async function untilOver(stream: SpeechStream): Promise<void> {
  const timeout = new AbortController();
  const isOver = await Promise.race([
    stream.done.then(() => true),
    sleep(FINISH_MS, false, { signal: timeout.signal }).catch(() => false),
  ]);
  timeout.abort();
  if (!isOver) throw stillFinishing();
}

/**
 * Lets the process that has the stream finish it.
 * @returns whether it does not answer: it is dead, frozen or cut off. Then the seal makes its words come too late.
 * @throws AppError `stream_finishing` (retryable) if it answers, but has not finished in time.
 */
async function isDead(
  bus: Bus,
  roomId: string,
  stream: { streamId: string; userId: string },
): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<'silent' | 'ended' | 'finishing'>();
  let timer = setTimeout(() => resolve('silent'), ANSWER_MS);
  const detach = bus.subscribe(roomId, (event) => {
    if (event.type === 'stream-finishing' && event.streamId === stream.streamId) {
      clearTimeout(timer);
      timer = setTimeout(() => resolve('finishing'), FINISH_MS);
    }
    if (event.type !== 'caption' || event.event.type !== 'stream') return;
    if (event.event.streamId === stream.streamId && event.event.state === 'ended') resolve('ended');
  });
  const ask = () => bus.publish(roomId, { type: 'stream-wanted', ...stream });
  ask();
  // The first answer may be missed: a bus needs a moment to attach a listener of a room that nobody has open here.
  const asking = setInterval(ask, ANSWER_MS / 4);
  const answer = await promise;
  clearInterval(asking);
  clearTimeout(timer);
  detach();
  if (answer === 'finishing') throw stillFinishing();
  return answer === 'silent';
}

function stillFinishing(): AppError {
  const message = 'The last words of this speech stream are being saved. Try again in a moment.';
  return new AppError('SERVICE_UNAVAILABLE', 'stream_finishing', message, {
    retryable: true,
    retryAfterMs: 500,
  });
}
