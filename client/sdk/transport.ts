import type { TRPCLink } from '@trpc/client';
import { TRPCClientError } from '@trpc/client';
import type { AnyRouter } from '@trpc/server';
import { observable, type Unsubscribable } from '@trpc/server/observable';

/** How calls reach the server: over the WebSocket, or over HTTP and server-sent events while sockets are blocked. */
export type Way = 'socket' | 'events';

/** So many connections in a row must fail before the cause is looked for. */
const FAILURES = 2;
const PROBE_TIMEOUT_MS = 5_000;

/**
 * Decides how calls reach the server. WebSockets are blocked if none was proved, although a call over HTTP is answered,
 * and one more socket fails after that. The socket is tried again all the time; the first one that works takes over.
 */
export class Transport {
  readonly #probe: (signal: AbortSignal) => Promise<unknown>;
  readonly #onChange: (way: Way) => void;
  readonly #listeners = new Set<() => void>();
  #way: Way = 'socket';
  #failures = 0;
  #answersHttp = false;
  #isProbing = false;
  #opened = 0;
  #isOpen = false;

  /** @param probe makes a call over HTTP. It must reject if the server does not answer. */
  constructor(probe: (signal: AbortSignal) => Promise<unknown>, onChange: (way: Way) => void) {
    this.#probe = probe;
    this.#onChange = onChange;
  }

  get way(): Way {
    return this.#way;
  }

  /** Calls the listener when the way changes. @returns a function that ends this. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  socketOpened(): void {
    this.#opened += 1;
    this.#isOpen = true;
  }

  socketClosed(): void {
    this.#isOpen = false;
  }

  /** @returns a function that tells whether a call that is made now still waits for a socket: no server has seen it. */
  watchWaiting(): () => boolean {
    const opened = this.#isOpen ? undefined : this.#opened;
    return () => this.#opened === opened;
  }

  socketProved(): void {
    this.#failures = 0;
    this.#answersHttp = false;
    this.#change('socket');
  }

  socketFailed(): void {
    this.#failures += 1;
    if (this.#way === 'events' || this.#failures < FAILURES) return;
    if (this.#answersHttp) this.#change('events');
    // A server that has just started answers HTTP too. Only a socket that fails after this answer tells.
    else void this.#askOverHttp();
  }

  /** A call over HTTP got no answer. If the server is gone, the connection is lost, as it is with a lost socket. */
  async httpFailed(): Promise<void> {
    if (this.#way === 'events' && !(await this.#askOverHttp()) && this.#failures > 0) this.#change('socket');
  }

  async #askOverHttp(): Promise<boolean> {
    if (this.#isProbing) return true;
    this.#isProbing = true;
    this.#answersHttp = await this.#probe(AbortSignal.timeout(PROBE_TIMEOUT_MS)).then(
      () => true,
      () => false,
    );
    this.#isProbing = false;
    return this.#answersHttp;
  }

  #change(way: Way): void {
    if (way === this.#way) return;
    this.#way = way;
    this.#onChange(way);
    for (const listener of this.#listeners) listener();
  }
}

/**
 * Sends each call the way that the transport says. When that changes, open subscriptions fail, so that
 * `retrySubscriptions` reopens them after the last event. Other calls move if the server cannot have seen them.
 */
export function transportLink<Router extends AnyRouter>(
  transport: Transport,
  links: Record<Way, TRPCLink<Router>>,
): TRPCLink<Router> {
  return (runtime) => {
    const ways = { socket: links.socket(runtime), events: links.events(runtime) };
    return ({ op, next }) =>
      observable((observer) => {
        let call: Unsubscribable;
        const open = () => {
          const way = transport.way;
          call = ways[way]({ op, next }).subscribe({
            next(value) {
              if (way === 'events' && isLoss(value.result)) void transport.httpFailed();
              observer.next(value);
            },
            error(error) {
              if (way === 'events' && !error.data && !op.signal?.aborted) void transport.httpFailed();
              observer.error(error);
            },
            complete: () => way === transport.way && observer.complete(),
          });
        };
        const isWaiting = transport.watchWaiting();
        const unsubscribe = transport.subscribe(() => {
          call.unsubscribe();
          if (op.type === 'query' || (op.type === 'mutation' && isWaiting())) return open();
          observer.error(TRPCClientError.from(new Error('The way to the server has changed.')));
        });
        open();
        return () => {
          unsubscribe();
          call.unsubscribe();
        };
      });
  };
}

/** Server-sent events report a lost connection as a state, and reconnect by themselves. */
function isLoss(result: { type?: string; state?: string; error?: unknown }): boolean {
  return result.type === 'state' && result.state === 'connecting' && Boolean(result.error);
}
