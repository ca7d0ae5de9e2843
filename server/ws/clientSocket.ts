import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { CLOSE } from '../../contract/close.ts';
import { LIMITS } from '../../contract/limits.ts';
import type { Outlet } from '../flow/outlet.ts';
import type { FrameRate } from './frameRate.ts';
import { type Frames, frameOf, type RequestId } from './frames.ts';

/** A client that is cut has this long to read the close code. A client that does not read at all would never close. */
const CLOSE_WAIT_MS = 20_000;
/** What Node and the kernel's queue hold for each write besides its bytes: an estimate. */
const WRITE_OVERHEAD_BYTES = 256;

/**
 * Why a socket is not read for now: its answers wait to be read, its calls wait to run, its messages wait for their turn,
 * or it sends too fast.
 */
type HoldReason = 'unread' | 'calls' | 'turn' | 'rate';

/**
 * The WebSocket of one client. Subscriptions write finished frames straight to the connection. They may, because `ws`
 * never leaves a frame half written as long as it does not compress.
 *
 * It limits what a client can leave unread, counted in bytes and with what each write costs besides. Events of rooms have
 * a limit at which the socket is cut. Answers to calls may be long pages; above their limit, the socket is not read and
 * its calls wait, see `CallQueue`.
 */
export class ClientSocket {
  /** Whose turn its messages take: its user's, or that of all strangers at its address. */
  person = '';
  /** Runs when the client has read its answers and calls may start again. */
  onReadable: () => void = () => {};
  /** Runs when a client whose reading lags has taken an answer. */
  onProgress: () => void = () => {};
  readonly #ws: WebSocket;
  readonly #connection: Duplex;
  readonly #holds = new Set<HoldReason>();
  readonly #rate: FrameRate | undefined;
  /** The sockets of the same user, this one included. */
  #peers: ReadonlySet<ClientSocket> | undefined;
  /** What the client has not read: bytes of answers, and the number of writes of each kind. */
  #answerBytes = 0;
  #answerWrites = 0;
  #eventWrites = 0;
  #pongs = 0;
  #owesPong = false;
  #draining: Promise<void> | undefined;

  /** @param rate the limit of messages a second; undefined for none. */
  constructor(ws: WebSocket, connection: Duplex, rate?: FrameRate) {
    this.#ws = ws;
    this.#connection = connection;
    this.#rate = rate;
  }

  get isBusy(): boolean {
    return this.#connection.writableNeedDrain;
  }

  /** Whether the client leaves so much unread that no further call of it may start. */
  get isFull(): boolean {
    return this.#unreadAnswers > LIMITS.unreadAnswerBytes;
  }

  /** Events that the client has not read, in bytes. */
  get unreadEvents(): number {
    return this.#connection.writableLength - this.#answerBytes + this.#eventWrites * WRITE_OVERHEAD_BYTES;
  }

  /** Lets the sockets of one user share a limit. */
  joinPeers(peers: ReadonlySet<ClientSocket>): void {
    this.#peers = peers;
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
    // A client that has read everything may get any one batch, however long.
    const waiting = this.#connection.writableLength;
    if (waiting > this.#answerBytes && this.#isTooMuch(this.unreadEvents + frames.length)) {
      this.#cut();
      return;
    }
    // A callback costs a fifth of a delivery. A write goes out at once while no other waits, so it need not be counted.
    if (waiting === 0) return void this.#connection.write(frames);
    this.#eventWrites += 1;
    this.#connection.write(frames, this.#onEventsTaken);
  }

  /**
   * Sends the answer to a call. Cuts the socket if the client has left far too many bytes unread.
   * @param onTaken runs when the connection has taken the answer, or is gone.
   */
  answer(text: string, onTaken: () => void = () => {}): void {
    const isOpen = this.#ws.readyState === this.#ws.OPEN;
    const isTooMuch = this.#unreadAnswers > LIMITS.unreadAnswerBytesMax;
    if (isOpen && isTooMuch) this.#cut();
    if (!isOpen || isTooMuch) {
      onTaken();
      return;
    }
    const frame = frameOf(text);
    this.#answerBytes += frame.length;
    this.#answerWrites += 1;
    this.#connection.write(frame, () => {
      this.#onAnswerTaken(frame.length);
      onTaken();
    });
    if (this.isFull) this.hold('unread');
  }

  /** Answers a ping. Pings that come while the answer to an earlier one waits get one answer together. */
  pong(): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    this.#owesPong = this.#pongs > 0 && this.#connection.writableLength > 0;
    if (this.#owesPong) return;
    this.#pongs += 1;
    this.answer('PONG', () => {
      this.#pongs -= 1;
      if (this.#owesPong) this.pong();
    });
  }

  /** Counts messages of the client, and stops reading for a while if there are too many. */
  count(messages: number): void {
    const waitMs = this.#rate?.take(messages) ?? 0;
    if (waitMs === 0 || this.#holds.has('rate')) return;
    this.hold('rate');
    setTimeout(() => {
      this.release('rate');
      this.count(0);
    }, waitMs).unref();
  }

  /** Stops reading from the client until each reason is released. */
  hold(reason: HoldReason): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    this.#holds.add(reason);
    this.#ws.pause();
  }

  release(reason: HoldReason): void {
    if (this.#holds.delete(reason) && this.#holds.size === 0) this.#ws.resume();
  }

  /** Stops reading while messages wait for their turn. */
  pause(): void {
    this.hold('turn');
  }

  resume(): void {
    this.release('turn');
  }

  /** Closes the socket after everything that was sent before. @param code one of `CLOSE`; without it, a normal end. */
  end(code?: number, why?: string): void {
    // A socket that is not read would never see the close frame of the client.
    this.#ws.resume();
    this.#ws.close(code, why);
  }

  get #unreadAnswers(): number {
    return this.#answerBytes + this.#answerWrites * WRITE_OVERHEAD_BYTES;
  }

  #isTooMuch(bytes: number): boolean {
    if (bytes > LIMITS.unreadEventBytes) return true;
    // A socket with little unread cannot be the one that fills its user's limit.
    if (!this.#peers || bytes < LIMITS.unreadEventBytesPerUser / LIMITS.socketsPerUser) return false;
    let all = bytes - this.unreadEvents;
    for (const peer of this.#peers) all += peer.unreadEvents;
    return all > LIMITS.unreadEventBytesPerUser;
  }

  readonly #onEventsTaken = (): void => {
    this.#eventWrites -= 1;
  };

  #onAnswerTaken(bytes: number): void {
    this.#answerBytes -= bytes;
    this.#answerWrites -= 1;
    if (!this.#holds.has('unread')) return;
    this.onProgress();
    if (this.isFull) return;
    this.release('unread');
    this.onReadable();
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
    this.end(CLOSE.tooSlow, 'too much unread data: connect again with your cursors');
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
