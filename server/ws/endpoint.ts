import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { CLOSE } from '../../contract/close.ts';
import { LIMITS } from '../../contract/limits.ts';
import { isForeignUpgrade, type OriginRule } from '../http/origin.ts';
import { tokenOf } from '../http/session.ts';
import type { Log } from '../log.ts';
import type { Services } from '../services.ts';
import { Quota } from '../trpc/quota.ts';
import { reportTo } from '../trpc/reportError.ts';
import type { AppRouter } from '../trpc/router.ts';
import { type Context, rethrowAsTRPCError } from '../trpc/trpc.ts';
import { ClientSocket } from './clientSocket.ts';
import { KeepAlive, PULSE, type Pulse } from './keepAlive.ts';
import { type ConnectionParams, TrpcSocket } from './trpcSocket.ts';

export type WsParts = {
  server: Server;
  services: Services;
  router: AppRouter;
  originRule: OriginRule;
  log: Log;
  pulse?: Pulse | undefined;
};

export type WsEndpoint = {
  /** Closes all sockets with a code that makes clients connect again. Cuts those that are still open after `graceMs`. */
  close: (graceMs: number) => Promise<void>;
};

/** The WebSocket endpoint of tRPC at /trpc. It refuses the upgrade for every other path and every foreign origin. */
export function attachWs({ server, services, router, originRule, log, pulse = PULSE }: WsParts): WsEndpoint {
  const wss = new WebSocketServer({
    noServer: true,
    maxPayload: LIMITS.frameBytes,
    perMessageDeflate: false,
  });
  const keepAlive = new KeepAlive(pulse);
  const onError = reportTo(log);
  const sockets = new Quota<string>(LIMITS.socketsPerUser, {
    reason: 'too_many_sockets',
    message: 'You are connected too many times at once. Close some windows first.',
  });

  /** Runs once per socket and finds its user. */
  const createContext = async (ws: WebSocket, token: string | undefined): Promise<Context> => {
    try {
      const user = await services.identity.identify(token);
      if (user && ws.readyState === ws.OPEN) ws.once('close', sockets.take(user.id));
      return { user, keepSession: ignore, connection: ws };
    } catch (error) {
      return rethrowAsTRPCError(error);
    }
  };

  /** It keeps only the token of the upgrade request, so that the request itself can be freed. */
  const serve = (ws: WebSocket, connection: Duplex, headerToken: string | undefined, hasParams: boolean) => {
    const parts = {
      ...{ router, onError },
      createContext: (params: ConnectionParams) => createContext(ws, params?.token ?? headerToken),
    };
    connectEvents(ws, new TrpcSocket(new ClientSocket(ws, connection), parts, hasParams), keepAlive);
  };

  server.on('upgrade', (req, socket, head) => {
    // Until `ws` takes over, this is the only error listener. Without it, a reset of the connection ends the process.
    socket.on('error', destroy);
    // `new URL` would throw for an invalid path or host and so end the process.
    const url = URL.parse(req.url ?? '', `http://${req.headers.host ?? 'localhost'}`);
    if (!url) return refuse(socket, '400 Bad Request');
    if (url.pathname !== '/trpc') return refuse(socket, '404 Not Found');
    if (isForeignUpgrade(originRule, req)) return refuse(socket, '403 Forbidden');
    const hasParams = url.searchParams.get('connectionParams') === '1';
    wss.handleUpgrade(req, socket, head, (ws) => serve(ws, socket, tokenOf(req.headers), hasParams));
  });

  return {
    async close(graceMs) {
      keepAlive.stop();
      await closeAll(wss, graceMs);
    },
  };
}

function connectEvents(ws: WebSocket, client: TrpcSocket, keepAlive: KeepAlive): void {
  keepAlive.markAlive(ws);
  ws.on('message', (data: Buffer, isBinary) => {
    keepAlive.markAlive(ws);
    client.read(data, isBinary);
  });
  ws.on('close', () => {
    keepAlive.remove(ws);
    client.close();
  });
  // An invalid or too large frame is an error here. `ws` closes the socket with the matching code.
  ws.on('error', ignore);
}

async function closeAll(wss: WebSocketServer, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => wss.close(() => resolve()));
  for (const client of wss.clients) client.close(CLOSE.restart, 'server restarting');
  const cut = setTimeout(() => {
    for (const client of wss.clients) client.terminate();
  }, graceMs);
  await closed;
  clearTimeout(cut);
}

function ignore(): void {}

function destroy(this: Duplex): void {
  this.destroy();
}

function refuse(socket: Duplex, status: string): void {
  // A client that keeps its side open must not hold the socket, and with it the server's stop, for ever.
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
