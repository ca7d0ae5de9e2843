import type { WebSocket } from 'ws';
import { CLOSE } from '../../contract/close.ts';
import { LIMITS } from '../../contract/limits.ts';

/**
 * The sockets that have not presented a session. Above a number of them, from one address or in all, the oldest is
 * closed. So they never keep anybody else from connecting.
 */
export class Strangers {
  readonly #limits: { perAddress: number; inAll: number };
  /** Sets keep their order of insertion, so the oldest is first. */
  readonly #all = new Set<WebSocket>();
  readonly #byAddress = new Map<string, Set<WebSocket>>();

  constructor(limits = { perAddress: LIMITS.strangersPerAddress, inAll: LIMITS.strangers }) {
    this.#limits = limits;
  }

  /**
   * @returns a function that forgets the socket, for when its user is known. A socket that closes is forgotten anyway.
   */
  add(ws: WebSocket, address: string): () => void {
    const neighbours = this.#byAddress.get(address) ?? new Set();
    this.#byAddress.set(address, neighbours.add(ws));
    this.#all.add(ws);
    const forget = () => {
      this.#all.delete(ws);
      neighbours.delete(ws);
      if (neighbours.size === 0 && this.#byAddress.get(address) === neighbours) {
        this.#byAddress.delete(address);
      }
    };
    ws.once('close', forget);
    if (neighbours.size > this.#limits.perAddress) closeOldest(neighbours);
    else if (this.#all.size > this.#limits.inAll) closeOldest(this.#all);
    return forget;
  }
}

function closeOldest(sockets: ReadonlySet<WebSocket>): void {
  const [oldest] = sockets;
  if (!oldest) return;
  oldest.close(CLOSE.stranger, 'too many connections without a session');
  // It may not read the close frame. Its place is needed now.
  oldest.terminate();
}
