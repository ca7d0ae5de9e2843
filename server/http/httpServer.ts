import { createServer, type Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';

type Fetch = Parameters<typeof createAdaptorServer>[0]['fetch'];

/**
 * nginx and AWS's load balancers keep their connections to a server for 60 s. A server that closes earlier loses the
 * request that a proxy sends at that moment.
 */
const KEEP_ALIVE_MS = 75_000;
/** The head of a request may take a little longer than the pause before it. */
const HEAD_MS = KEEP_ALIVE_MS + 5_000;

/** Makes the server that speaks HTTP/1. It does not listen yet. */
export function createHttpServer(fetch: Fetch): Server {
  const server = createAdaptorServer({
    fetch,
    createServer,
    // HTTP/1.0 needs no Host header. The health checks of some load balancers send none.
    hostname: 'localhost',
    serverOptions: {
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: HEAD_MS,
      // Clients may offer other protocols, such as HTTP/2. A server without them answers as usual (RFC 9110, 7.8).
      shouldUpgradeCallback: ({ headers }) => headers.upgrade?.trim().toLowerCase() === 'websocket',
    },
  }) as Server;
  // A health check may ask about the server as a whole (`OPTIONS *`, RFC 9112, section 3.2.4). That is no URL of a request.
  server.prependListener('request', (request) => {
    if (request.method === 'OPTIONS' && request.url === '*') request.url = '/';
  });
  return server;
}
