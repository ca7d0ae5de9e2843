import { LIMITS } from '../../contract/limits.ts';
import type { ClientSocket } from './clientSocket.ts';

export type QueuedCall = {
  type: 'query' | 'mutation';
  /** The bytes of its input, which stay in memory until it is answered. */
  bytes: number;
  /** Resolves when the client's connection has taken the answer. Must not throw. */
  run: () => Promise<void>;
};

const RUNNING = { query: LIMITS.queriesAtOnce, mutation: LIMITS.mutationsAtOnce } as const;

/**
 * The calls of one socket that are not answered. Calls wait while the client does not read its answers, so that a client
 * that asks and never reads holds a few answers at most. Reading pauses while many calls wait, and they wait in the
 * client's memory instead of the server's.
 */
export class CallQueue {
  readonly #socket: ClientSocket;
  readonly #waiting: Record<QueuedCall['type'], QueuedCall[]> = { query: [], mutation: [] };
  readonly #running = { query: 0, mutation: 0 };
  #bytes = 0;
  #isClosed = false;

  constructor(socket: ClientSocket) {
    this.#socket = socket;
    socket.onReadable = () => this.#start();
  }

  get isFull(): boolean {
    return this.#count() >= LIMITS.callsInFlight;
  }

  add(call: QueuedCall): void {
    this.#bytes += call.bytes;
    this.#waiting[call.type].push(call);
    this.#start();
    this.#holdIfMany();
  }

  /** Drops the calls that wait, because the socket is gone. Calls that run go on. */
  close(): void {
    this.#isClosed = true;
    this.#waiting.query.length = 0;
    this.#waiting.mutation.length = 0;
  }

  #start(): void {
    for (const type of ['mutation', 'query'] as const) {
      while (this.#running[type] < RUNNING[type] && !this.#socket.isFull) {
        const call = this.#waiting[type].shift();
        if (!call) break;
        void this.#run(call);
      }
    }
  }

  async #run(call: QueuedCall): Promise<void> {
    this.#running[call.type] += 1;
    await call.run();
    this.#running[call.type] -= 1;
    this.#bytes -= call.bytes;
    if (this.#isClosed) return;
    this.#start();
    this.#holdIfMany();
  }

  #count(): number {
    const { query, mutation } = this.#waiting;
    return query.length + mutation.length + this.#running.query + this.#running.mutation;
  }

  #holdIfMany(): void {
    const hasMany = this.#bytes > LIMITS.unansweredBytes || this.#count() >= LIMITS.callsInFlight / 2;
    if (hasMany) this.#socket.hold('calls');
    else this.#socket.release('calls');
  }
}
