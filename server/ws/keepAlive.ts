import type { WebSocket } from 'ws';

export type Pulse = {
  /** How long a client may be silent before it is asked whether it is still there … */
  pingMs: number;
  /** … and how long it then has to say anything. */
  pongWaitMs: number;
};

/** Load balancers drop what is idle for a minute; a client that answers has 35 s between two signs of life. */
export const PULSE: Pulse = { pingMs: 25_000, pongWaitMs: 10_000 };

/**
 * Asks silent clients for a sign of life, as tRPC does, and cuts those that give none: a connection that was lost without
 * a word would otherwise stay for hours. One timer for all of them.
 */
export class KeepAlive {
  readonly #pulse: Pulse;
  /** Since when each has been silent; the longest first, as a map keeps the order in which they came. */
  readonly #silent = new Map<WebSocket, number>();
  readonly #asked = new Map<WebSocket, number>();
  readonly #looking: NodeJS.Timeout;

  constructor(pulse: Pulse) {
    this.#pulse = pulse;
    const lookMs = Math.min(pulse.pingMs, pulse.pongWaitMs) / 4;
    this.#looking = setInterval(() => this.#look(performance.now()), lookMs).unref();
  }

  /** A sign of life; the first one is that the socket opened. */
  hear(ws: WebSocket): void {
    this.leave(ws);
    this.#silent.set(ws, performance.now());
  }

  leave(ws: WebSocket): void {
    this.#asked.delete(ws);
    this.#silent.delete(ws);
  }

  stop(): void {
    clearInterval(this.#looking);
  }

  #look(now: number): void {
    for (const [ws, since] of this.#asked) {
      if (now - since < this.#pulse.pongWaitMs) break;
      this.#asked.delete(ws);
      ws.terminate();
    }
    for (const [ws, since] of this.#silent) {
      if (now - since < this.#pulse.pingMs) break;
      this.#silent.delete(ws);
      this.#asked.set(ws, now);
      ws.send('PING');
    }
  }
}
