import { AppError } from '../../contract/errors.ts';
import type { User } from '../../contract/types.ts';
import type { Bus } from '../bus/bus.ts';
import type { MemberWatch } from '../chat/memberWatch.ts';
import { type EndReason, type SpeechStream, streamEnded } from './stream.ts';

/** Streams at a time, silent and finishing ones included: each keeps some audio. What they cost is bounded by places. */
const STREAMS_MAX = 1_000;
const STREAMS_A_USER_MAX = 3;

/** How long an ended stream is remembered, for the chunk or the `stop` that comes too late. */
const REMEMBER_MS = 60_000;

/** The speech streams of this process: one per user. A stream ends with its speaker's membership. */
export class Streams {
  readonly #byId = new Map<string, SpeechStream>();
  readonly #running = new Set<SpeechStream>();
  readonly #bus: Bus;
  readonly #watch: MemberWatch;
  readonly #forgetting = new Set<NodeJS.Timeout>();
  #closing = false;

  constructor(bus: Bus, watch: MemberWatch) {
    this.#bus = bus;
    this.#watch = watch;
  }

  /** @throws AppError (retryable) if no other stream can be had now. */
  checkRoomFor(userId: string): void {
    const retry = { retryable: true, retryAfterMs: 1_000 };
    // Nobody would end a stream that begins once all are being finished.
    if (this.#closing) {
      throw new AppError(
        'SERVICE_UNAVAILABLE',
        'server_stopping',
        'The server is restarting. Try again.',
        retry,
      );
    }
    const own = [...this.#running].filter(({ identity }) => identity.speaker.id === userId);
    if (own.length >= STREAMS_A_USER_MAX || this.#running.size >= STREAMS_MAX) {
      throw new AppError(
        'TOO_MANY_REQUESTS',
        'speech_busy',
        'Too many people speak right now. Try again.',
        retry,
      );
    }
  }

  add(stream: SpeechStream): void {
    const { streamId, roomId, speaker } = stream.identity;
    this.#byId.set(streamId, stream);
    this.#running.add(stream);
    const leave = () => void stream.finish({ reason: 'left_room' });
    const detach = this.#bus.subscribe(roomId, (event) => {
      if (event.type === 'membership' && event.change === 'left' && event.user.id === speaker.id) leave();
    });
    const unwatch = this.#watch(roomId, speaker.id, leave);
    void stream.done.then(() => {
      this.#running.delete(stream);
      detach();
      unwatch();
      this.#forgetLater(streamId);
    });
  }

  /** The one that takes chunks from this user: a person speaks in one room at a time. */
  live(userId: string): SpeechStream | undefined {
    return [...this.#running].find(({ identity, ending }) => !ending && identity.speaker.id === userId);
  }

  /** @throws AppError if there is none, or it is somebody else's. */
  own(user: User, streamId: string): SpeechStream {
    const stream = this.#byId.get(streamId);
    if (!stream)
      throw new AppError('NOT_FOUND', 'stream_unknown', 'There is no such speech stream. Start a new one.');
    if (stream.identity.speaker.id !== user.id) {
      throw new AppError('FORBIDDEN', 'stream_foreign', 'This speech stream is somebody else’s.');
    }
    return stream;
  }

  /** As `own`, and still taking chunks. */
  ownLive(user: User, streamId: string): SpeechStream {
    const stream = this.own(user, streamId);
    if (stream.ending) throw streamEnded(stream.ending);
    return stream;
  }

  /** Lets all say their last words; those that take longer than `withinMs` are cut off. */
  async finishAll(why: EndReason, withinMs: number): Promise<void> {
    this.#closing = true;
    const streams = [...this.#byId.values()];
    const cut = setTimeout(() => {
      for (const stream of streams) stream.abort();
    }, withinMs);
    await Promise.all(streams.map((stream) => stream.finish(why)));
    clearTimeout(cut);
    for (const timer of this.#forgetting) clearTimeout(timer);
  }

  #forgetLater(streamId: string): void {
    const timer = setTimeout(() => {
      this.#byId.delete(streamId);
      this.#forgetting.delete(timer);
    }, REMEMBER_MS);
    this.#forgetting.add(timer.unref());
  }
}
