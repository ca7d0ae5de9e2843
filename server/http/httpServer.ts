import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';

type Fetch = Parameters<typeof getRequestListener>[0];

/**
 * nginx and AWS's load balancers keep their connections to a server for 60 s. A server that closes earlier loses the
 * request that a proxy sends at that moment.
 */
const KEEP_ALIVE_MS = 75_000;
/** The head of a request may take a little longer than the pause before it. */
const HEAD_MS = KEEP_ALIVE_MS + 5_000;

/** Runs a function when it is the turn of a caller. @param from the other end of the connection, or the request. */
export type InTurn = (from: Socket | IncomingMessage, handle: () => void) => void;

/**
 * Makes the server that speaks HTTP/1. It does not listen yet. A thousand connections and their requests can come in one
 * turn of the event loop, so each of them waits for its turn.
 */
export function createHttpServer(fetch: Fetch, inTurn: InTurn): Server {
  // HTTP/1.0 needs no Host header. The health checks of some load balancers send none.
  const answer = getRequestListener(fetch, { hostname: 'localhost' });
  const options = {
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: HEAD_MS,
    // Clients may offer other protocols, such as HTTP/2. A server without them answers as usual (RFC 9110, 7.8).
    shouldUpgradeCallback: ({ headers }: IncomingMessage) =>
      headers.upgrade?.trim().toLowerCase() === 'websocket',
  };
  const server = createServer(options, (request, response) => {
    // A health check may ask about the server as a whole (`OPTIONS *`, RFC 9112, section 3.2.4). That is no URL of a request.
    if (request.method === 'OPTIONS' && request.url === '*') request.url = '/';
    inTurn(request, () => {
      if (!request.socket.destroyed) void answer(request, response);
    });
  });
  readInTurn(server, inTurn);
  return server;
}

/** Reads nothing of a connection before its turn. */
function readInTurn(server: Server, inTurn: InTurn): void {
  // An option of `net.Server` that `http.createServer` does not pass on.
  Object.assign(server, { pauseOnConnect: true });
  const listeners = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket) => {
    inTurn(socket, () => {
      // After `closeAllConnections`, nobody would close a connection that begins now.
      if (!server.listening) socket.destroy();
      if (socket.destroyed) return;
      for (const listener of listeners) listener.call(server, socket);
      socket.resume();
    });
  });
}
