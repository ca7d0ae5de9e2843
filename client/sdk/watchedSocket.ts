/** What a `WebSocket` told about itself. */
export type SocketNews = {
  /** The server answered: the way to it is open in both directions. */
  onProved: () => void;
  /** The connection ended, or gave no proof within `PROOF_MS`. Called once, instead of `onProved`. */
  onFailed: () => void;
  onClose: (event: { code: number; wasClean: boolean }) => void;
};

/** Time for the handshake and for one ping. */
const PROOF_MS = 6_000;

/**
 * A `WebSocket` class that proves each connection by a ping. Some proxies refuse the handshake, others let it hang, and
 * others answer it and then pass nothing on.
 */
export function watchedSocket(news: SocketNews): typeof WebSocket {
  return class extends WebSocket {
    constructor(url: string | URL) {
      super(url);
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
      this.addEventListener('open', () => this.send('PING'));
      this.addEventListener('message', () => decide(news.onProved), { once: true });
      this.addEventListener('close', (event) => {
        news.onClose(event);
        decide(news.onFailed);
      });
    }
  };
}
