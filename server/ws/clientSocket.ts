import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { CLOSE } from '../../contract/close.ts';
import { LIMITS } from '../../contract/limits.ts';
import type { Outlet } from '../flow/outlet.ts';
import { type Frames, frameOf, type RequestId } from './frames.ts';

/** A client that is cut has this long to read the close code. A client that does not read at all would never close. */
const CLOSE_WAIT_MS = 20_000;

/**
 * The WebSocket of one client. Subscriptions write finished frames straight to the connection. They may, because `ws`
 * never leaves a frame half written as long as it does not compress.
 *
 * It limits how many bytes a client can leave unread. Events of rooms have a low limit (`LIMITS.unreadEventBytes`).
 * Answers to calls may be long pages; they have a higher limit of their own (`LIMITS.unreadAnswerBytes`) and do not count
 * towards the first one.
 */
export class ClientSocket {
  readonly #ws: WebSocket;
  readonly #connection: Duplex;
  /** Bytes of answers that the client has not read. */
  #unreadAnswerBytes = 0;
  #draining: Promise<void> | undefined;

  constructor(ws: WebSocket, connection: Duplex) {
    this.#ws = ws;
    this.#connection = connection;
  }

  get isBusy(): boolean {
    return this.#connection.writableNeedDrain;
  }

  /** Resolves when everything written has gone out, or the socket is gone. All callers share one wait. */
  async drained(): Promise<void> {
    if (!this.isBusy) return;
    this.#draining ??= this.#drain();
    await this.#draining;
  }

  /** Sends events. Cuts the socket if the client has left too many bytes unread. */
  write(frames: Buffer): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    const unreadEventBytes = this.#connection.writableLength - this.#unreadAnswerBytes;
    if (unreadEventBytes > 0 && unreadEventBytes + frames.length > LIMITS.unreadEventBytes) this.#cut();
    else this.#connection.write(frames);
  }

  /** Sends the answer to a call. Cuts the socket if the client has left too many bytes unread. */
  answer(text: string): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    if (this.#unreadAnswerBytes > LIMITS.unreadAnswerBytes) {
      this.#cut();
      return;
    }
    const frame = frameOf(text);
    this.#unreadAnswerBytes += frame.length;
    this.#connection.write(frame, () => {
      this.#unreadAnswerBytes -= frame.length;
    });
  }

  /** Closes the socket after everything that was sent before. */
  end(): void {
    this.#ws.close();
  }

  #drain(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const onDone = () => {
      this.#connection.off('drain', onDone).off('close', onDone);
      this.#draining = undefined;
      resolve();
    };
    this.#connection.on('drain', onDone).on('close', onDone);
    return promise;
  }

  #cut(): void {
    const timer = setTimeout(() => this.#ws.terminate(), CLOSE_WAIT_MS);
    this.#ws.once('close', () => clearTimeout(timer));
    this.#ws.close(CLOSE.tooSlow, 'too much unread data: connect again with your cursors');
  }
}

/** The outlet to one subscription of a client. */
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
