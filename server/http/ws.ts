import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { applyWSSHandler, type CreateWSSContextFnOptions } from '@trpc/server/adapters/ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { CLOSE } from '../contract/close.ts';
import { LIMITS } from '../contract/limits.ts';
import type { Log } from '../log.ts';
import { Quota } from '../quota.ts';
import { serverEncoder } from '../trpc/requestId.ts';
import type { AppRouter, Services } from '../trpc/router.ts';
import { type Connection, type Context, rethrow } from '../trpc/trpc.ts';
import { ClientSocket, SocketOutlet } from './clientSocket.ts';
import { isForeignUpgrade, type OriginRule } from './origin.ts';
import { reportTo } from './report.ts';
import { tokenOf } from './session.ts';

export type WsParts = {
  server: Server;
  services: Services;
  router: AppRouter;
  originRule: OriginRule;
  log: Log;
};

export type WsEndpoint = {
  /** Asks every client to come back elsewhere, then closes the sockets; cuts those that do not answer. */
  close: (graceMs: number) => Promise<void>;
};

const PING_MS = 25_000;
const PONG_WAIT_MS = 10_000;

/** tRPC's WebSocket endpoint at /trpc. Every other path and every foreign origin is refused at the upgrade. */
export function attachWs({ server, services, router, originRule, log }: WsParts): WsEndpoint {
  const wss = new WebSocketServer({
    noServer: true,
    maxPayload: LIMITS.frameBytes,
    perMessageDeflate: false,
  });
  const clients = new WeakMap<WebSocket, ClientSocket>();
  const sockets = new Quota<string>(LIMITS.socketsPerUser, {
    reason: 'too_many_sockets',
    message: 'You are connected too many times at once. Close some windows first.',
  });

  /** Asked once per socket, when it opens: who it belongs to, and the way to it. */
  const createContext = async ({ req, res: ws, info }: CreateWSSContextFnOptions): Promise<Context> => {
    const token = info.connectionParams?.token ?? tokenOf(req.headers);
    const user = await services.identity.identify(token).catch(rethrow);
    if (user && ws.readyState === ws.OPEN) ws.once('close', takeSocket(user.id));
    const socket = clients.get(ws);
    return { user, keepSession: () => {}, ...(socket && { connection: connectionOf(socket) }) };
  };
  const takeSocket = (userId: string) => {
    try {
      return sockets.take(userId);
    } catch (error) {
      return rethrow(error);
    }
  };

  applyWSSHandler({
    wss,
    router,
    experimental_encoder: serverEncoder,
    // No limit to a batch but the frame's: the stock client puts all it has into one after a reconnect, and a refused
    // batch would fail every call in it for good.
    keepAlive: { enabled: true, pingMs: PING_MS, pongWaitMs: PONG_WAIT_MS },
    createContext,
    onError: reportTo(log),
  });

  server.on('upgrade', (req, socket, head) => {
    // Until ws takes over nobody listens: a reset here would end the process.
    socket.on('error', () => socket.destroy());
    // tRPC reads the same URL where nobody would catch what it throws: one odd path or host would end the process.
    const url = URL.parse(req.url ?? '', `http://${req.headers.host ?? 'localhost'}`);
    if (!url) return refuse(socket, '400 Bad Request');
    if (url.pathname !== '/trpc') return refuse(socket, '404 Not Found');
    if (isForeignUpgrade(originRule, req)) return refuse(socket, '403 Forbidden');
    wss.handleUpgrade(req, socket, head, (client) => {
      clients.set(client, new ClientSocket(client, socket));
      wss.emit('connection', client, req);
    });
  });

  return {
    async close(graceMs) {
      const closed = new Promise<void>((resolve) => wss.close(() => resolve()));
      for (const client of wss.clients) client.close(CLOSE.restart, 'server restarting');
      const cut = setTimeout(() => {
        for (const client of wss.clients) client.terminate();
      }, graceMs);
      await closed;
      clearTimeout(cut);
    },
  };
}

function connectionOf(socket: ClientSocket): Connection {
  return { outlet: (frames, id) => new SocketOutlet(socket, frames, id) };
}

function refuse(socket: Duplex, status: string): void {
  // Whoever keeps their side open would otherwise hold the socket, and our own stop, for ever.
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
