/** What a `WebSocket` told about itself. */
export type SocketNews = {
  /** The handshake succeeded: calls that wait are sent now. */
  onOpen: () => void;
  /** The server answered: the way to it is open in both directions. */
  onProved: () => void;
  /** There is no connection, it ended, or it gave no proof within `PROOF_MS`. Called once, instead of `onProved`. */
  onFailed: () => void;
  onClose: (event: { code: number; wasClean: boolean }) => void;
};

/** Time for the handshake and for one ping. */
const PROOF_MS = 6_000;

/** Stands for the class that a browser does not have, or that an extension has removed. */
class MissingWebSocket {
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  static readonly CLOSED = 3;

  constructor() {
    throw new Error('There is no WebSocket here.');
  }
}

/**
 * A `WebSocket` class that proves each connection by a ping. Some proxies refuse the handshake, others let it hang, and
 * others answer it and then pass nothing on. A policy or an extension of the browser makes the constructor throw.
 */
export function watchedSocket(news: SocketNews): typeof WebSocket {
  const Base = globalThis.WebSocket ?? (MissingWebSocket as unknown as typeof WebSocket);
  return class extends Base {
    constructor(url: string | URL) {
      try {
        super(url);
      } catch (error) {
        news.onFailed();
        throw error;
      }
      let isDecided = false;
      const decide = (report: () => void) => {
        if (isDecided) return;
        isDecided = true;
        clearTimeout(timer);
        report();
      };
      const timer = setTimeout(() => {
        decide(news.onFailed);
        this.close();
      }, PROOF_MS);
      this.addEventListener('open', () => {
        news.onOpen();
        this.send('PING');
      });
      this.addEventListener('message', () => decide(news.onProved), { once: true });
      this.addEventListener('close', (event) => {
        news.onClose(event);
        decide(news.onFailed);
      });
    }
  };
}
