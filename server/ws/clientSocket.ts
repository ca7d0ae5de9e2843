import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { CLOSE } from '../../contract/close.ts';
import { LIMITS } from '../../contract/limits.ts';
import type { Outlet } from '../flow/outlet.ts';
import { type Frames, frameOf, type RequestId } from './frames.ts';

/** How long whoever is cut off has to read the reason; whoever does not read at all would never close. */
const CLOSE_WAIT_MS = 20_000;

/**
 * One client's WebSocket, as its subscriptions write to it: finished frames go straight to the connection, in order
 * with what `ws` sends, which never leaves a frame half written because nothing is compressed.
 *
 * It bounds what a client can leave unread. What happens in rooms comes unasked and is bounded tightly; answers to its
 * calls, which may be long pages, have a bound of their own and do not count towards the other.
 */
export class ClientSocket {
  readonly #ws: WebSocket;
  readonly #connection: Duplex;
  /** Bytes of answers that have not been read. */
  #answers = 0;
  #draining: Promise<void> | undefined;

  constructor(ws: WebSocket, connection: Duplex) {
    this.#ws = ws;
    this.#connection = connection;
  }

  get isBusy(): boolean {
    return this.#connection.writableNeedDrain;
  }

  /** Resolves when what was written has gone out, or the socket has; one wait for all who ask. */
  async drained(): Promise<void> {
    if (!this.isBusy) return;
    this.#draining ??= this.#drain();
    await this.#draining;
  }

  write(frames: Buffer): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    const unread = this.#connection.writableLength - this.#answers;
    if (unread > 0 && unread + frames.length > LIMITS.unreadEventBytes) this.#cut();
    else this.#connection.write(frames);
  }

  /** Sends what answers a call. */
  answer(text: string): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    if (this.#answers > LIMITS.unreadAnswerBytes) {
      this.#cut();
      return;
    }
    const frame = frameOf(text);
    this.#answers += frame.length;
    this.#connection.write(frame, () => {
      this.#answers -= frame.length;
    });
  }

  /** Closes the socket after what was sent before. */
  end(): void {
    this.#ws.close();
  }

  #drain(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = () => {
      this.#connection.off('drain', done).off('close', done);
      this.#draining = undefined;
      resolve();
    };
    this.#connection.on('drain', done).on('close', done);
    return promise;
  }

  #cut(): void {
    const end = setTimeout(() => this.#ws.terminate(), CLOSE_WAIT_MS);
    this.#ws.once('close', () => clearTimeout(end));
    this.#ws.close(CLOSE.tooSlow, 'too much left unread: come back with your cursors');
  }
}

/** The way to one subscription of a client. */
export class SocketOutlet<T> implements Outlet<T> {
  readonly #socket: ClientSocket;
  readonly #frames: Frames<T>;
  readonly #id: RequestId;

  constructor(socket: ClientSocket, frames: Frames<T>, id: RequestId) {
    this.#socket = socket;
    this.#frames = frames;
    this.#id = id;
  }

  get isBusy(): boolean {
    return this.#socket.isBusy;
  }

  drained(): Promise<void> {
    return this.#socket.drained();
  }

  write(events: readonly T[]): void {
    this.#socket.write(this.#frames(events, this.#id));
  }
}
