import type { Bus } from '../bus/bus.ts';
import type { User } from '../contract/types.ts';
import { AppError } from '../errors.ts';
import { type EndReason, type SpeechStream, streamEnded } from './stream.ts';

/** How long an ended stream is remembered, for the chunk or the `stop` that comes too late. */
const REMEMBER_MS = 60_000;

/** The speech streams of this process: one per user and room. A stream ends with its speaker's membership. */
export class Streams {
  readonly #byId = new Map<string, SpeechStream>();
  readonly #bus: Bus;
  readonly #forgetting = new Set<NodeJS.Timeout>();
  #closing = false;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  /** @throws AppError once all are being finished: nobody would end another one. */
  checkOpen(): void {
    if (!this.#closing) return;
    throw new AppError('SERVICE_UNAVAILABLE', 'server_stopping', 'The server is restarting. Try again.', {
      retryable: true,
      retryAfterMs: 1_000,
    });
  }

  add(stream: SpeechStream): void {
    const { streamId, roomId, speaker } = stream.identity;
    this.#byId.set(streamId, stream);
    const detach = this.#bus.subscribe(roomId, (event) => {
      const left = event.type === 'membership' && event.change === 'left' && event.user.id === speaker.id;
      if (left) void stream.finish({ reason: 'left_room' });
    });
    void stream.done.then(() => {
      detach();
      this.#forgetLater(streamId);
    });
  }

  /** The one that takes chunks from this user in this room. */
  live(userId: string, roomId: string): SpeechStream | undefined {
    return [...this.#byId.values()].find(
      ({ identity, ending }) => !ending && identity.speaker.id === userId && identity.roomId === roomId,
    );
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
