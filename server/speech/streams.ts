import { AppError } from '../../contract/errors.ts';
import type { User } from '../../contract/types.ts';
import type { Bus } from '../bus/bus.ts';
import type { MemberWatch } from '../chat/memberWatch.ts';
import type { EndReason } from './endReason.ts';
import type { SpeechStream } from './stream.ts';

/** The limits count silent and finishing streams too, because each holds audio in memory. Admission limits the cost. */
const MAX_STREAMS = 1_000;
const MAX_STREAMS_PER_USER = 3;

/** An ended stream is remembered this long, so that a late chunk or `stop` gets the right answer. */
const REMEMBER_MS = 60_000;

/** The speech streams of this process. A user has one open stream at most. It ends when they leave the room. */
export class Streams {
  readonly #byId = new Map<string, SpeechStream>();
  readonly #running = new Set<SpeechStream>();
  readonly #bus: Bus;
  readonly #watch: MemberWatch;
  readonly #removalTimers = new Set<NodeJS.Timeout>();
  #closing = false;

  constructor(bus: Bus, watch: MemberWatch) {
    this.#bus = bus;
    this.#watch = watch;
  }

  /** @throws AppError (retryable) if the user cannot start another stream now. */
  checkLimits(userId: string): void {
    const retry = { retryable: true, retryAfterMs: 1_000 };
    // `finishAll` has listed the streams already. It would not end a new one.
    if (this.#closing) {
      throw new AppError(
        'SERVICE_UNAVAILABLE',
        'server_stopping',
        'The server is restarting. Try again in a moment.',
        retry,
      );
    }
    const own = [...this.#running].filter(({ identity }) => identity.speaker.id === userId);
    if (own.length >= MAX_STREAMS_PER_USER || this.#running.size >= MAX_STREAMS) {
      throw new AppError(
        'TOO_MANY_REQUESTS',
        'speech_busy',
        'Too many speech streams are open. Try again in a moment.',
        retry,
      );
    }
  }

  add(stream: SpeechStream): void {
    const { streamId, roomId, speaker } = stream.identity;
    this.#byId.set(streamId, stream);
    this.#running.add(stream);
    const finish = () => void stream.finish({ reason: 'left_room' });
    const detach = this.#bus.subscribe(roomId, (event) => {
      if (event.type === 'membership' && event.change === 'left' && event.user.id === speaker.id) finish();
      if (event.type !== 'stream-wanted' || event.streamId !== streamId || event.userId !== speaker.id)
        return;
      this.#bus.publish(roomId, { type: 'stream-finishing', streamId });
      void stream.finish({ reason: 'taken_over' });
    });
    const unwatch = this.#watch(roomId, speaker.id, finish);
    void stream.done.then(() => {
      this.#running.delete(stream);
      detach();
      unwatch();
      this.#removeLater(streamId);
    });
  }

  /** The stream that accepts chunks from this user. A user speaks in one room at a time. */
  openStreamOf(userId: string): SpeechStream | undefined {
    return [...this.#running].find(({ identity, ending }) => !ending && identity.speaker.id === userId);
  }

  /**
   * Finds a stream of this user.
   * @throws AppError NOT_FOUND if there is none. A stream of somebody else gives the same answer, so that nobody learns
   * which ids are in use.
   */
  get(user: User, streamId: string): SpeechStream {
    const stream = this.find(user, streamId);
    if (stream) return stream;
    throw streamUnknown();
  }

  /** Finds a stream of this user in this process. */
  find(user: User, streamId: string): SpeechStream | undefined {
    const stream = this.#byId.get(streamId);
    return stream?.identity.speaker.id === user.id ? stream : undefined;
  }

  /** Finishes all streams, and starts no new one. Aborts those that are not done after `withinMs`. */
  async finishAll(why: EndReason, withinMs: number): Promise<void> {
    this.#closing = true;
    const streams = [...this.#byId.values()];
    const abortTimer = setTimeout(() => {
      for (const stream of streams) stream.abort();
    }, withinMs);
    await Promise.all(streams.map((stream) => stream.finish(why)));
    clearTimeout(abortTimer);
    for (const timer of this.#removalTimers) clearTimeout(timer);
  }

  #removeLater(streamId: string): void {
    const timer = setTimeout(() => {
      this.#byId.delete(streamId);
      this.#removalTimers.delete(timer);
    }, REMEMBER_MS);
    this.#removalTimers.add(timer);
  }
}

export function streamUnknown(): AppError {
  return new AppError('NOT_FOUND', 'stream_unknown', 'This speech stream does not exist. Start a new one.');
}
