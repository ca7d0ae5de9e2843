import type { WebSocket } from 'ws';

export type Pulse = {
  /** A client that is silent for this long gets a ping. */
  pingMs: number;
  /** After the ping, the client has this long to send anything. Then it is cut. */
  pongWaitMs: number;
};

/**
 * Load balancers drop a connection that is idle for a minute. With these times, a live client sends at least every 35
 * s.
 */
export const PULSE: Pulse = { pingMs: 25_000, pongWaitMs: 10_000 };

/**
 * Pings silent clients, as tRPC's adapter does, and cuts those that do not answer. Without it, a connection that was lost
 * without a close stays open for hours. One timer serves all sockets.
 */
export class KeepAlive {
  readonly #pulse: Pulse;
  /** The time since when each socket is silent. The map keeps its order of insertion, so the longest is first. */
  readonly #silentSince = new Map<WebSocket, number>();
  /** The time at which each socket that has not answered yet got its ping. */
  readonly #pingedAt = new Map<WebSocket, number>();
  readonly #timer: NodeJS.Timeout;

  constructor(pulse: Pulse) {
    this.#pulse = pulse;
    const checkMs = Math.min(pulse.pingMs, pulse.pongWaitMs) / 4;
    this.#timer = setInterval(() => this.#check(performance.now()), checkMs).unref();
  }

  /** Call it when the socket opens, and whenever its client sends anything. */
  markAlive(ws: WebSocket): void {
    this.remove(ws);
    this.#silentSince.set(ws, performance.now());
  }

  remove(ws: WebSocket): void {
    this.#pingedAt.delete(ws);
    this.#silentSince.delete(ws);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #check(now: number): void {
    for (const [ws, since] of this.#pingedAt) {
      if (now - since < this.#pulse.pongWaitMs) break;
      this.#pingedAt.delete(ws);
      ws.terminate();
    }
    for (const [ws, since] of this.#silentSince) {
      if (now - since < this.#pulse.pingMs) break;
      this.#silentSince.delete(ws);
      this.#pingedAt.set(ws, now);
      ws.send('PING');
    }
  }
}
