import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { CLOSE } from '../../contract/close.ts';
import { AppError } from '../../contract/errors.ts';
import { LIMITS } from '../../contract/limits.ts';
import type { Intake } from '../flow/intake.ts';
import type { ReadArrival } from '../http/arrival.ts';
import type { CheckHost } from '../http/hostRule.ts';
import type { OriginRule } from '../http/origin.ts';
import { asAppError, problemBody, STATUS } from '../http/problem.ts';
import { tokenOf } from '../http/session.ts';
import type { Log } from '../log.ts';
import type { Services } from '../services.ts';
import { reportTo } from '../trpc/reportError.ts';
import type { AppRouter } from '../trpc/router.ts';
import { type Context, rethrowAsTRPCError } from '../trpc/trpc.ts';
import { ClientSocket } from './clientSocket.ts';
import { FrameRate } from './frameRate.ts';
import { KeepAlive, PULSE, type Pulse } from './keepAlive.ts';
import { Strangers } from './strangers.ts';
import { type ConnectionParams, TrpcSocket } from './trpcSocket.ts';
import { UnfinishedFrames } from './unfinishedFrames.ts';
import { UserSockets } from './userSockets.ts';

/** A client that announces connection parameters has this long to send them. */
const PARAMS_WAIT_MS = 10_000;
/** A message may come in so many fragments and reads. Each costs memory besides its bytes. */
const FRAGMENTS = 256;
const READS = 4_096;

export type WsParts = {
  server: Server;
  services: Services;
  router: AppRouter;
  originRule: OriginRule;
  readArrival: ReadArrival;
  checkHost: CheckHost;
  log: Log;
  intake: Intake;
  /** Whether the messages a second of each socket are limited. */
  rateLimits: boolean;
  pulse?: Pulse | undefined;
};

export type WsEndpoint = {
  /** Closes all sockets with a code that makes clients connect again. Cuts those that are still open after `graceMs`. */
  close: (graceMs: number) => Promise<void>;
};

/** The WebSocket endpoint of tRPC at /trpc. It refuses the upgrade for every other path and every foreign origin. */
export function attachWs({ server, pulse = PULSE, ...parts }: WsParts): WsEndpoint {
  const wss = new WebSocketServer({
    noServer: true,
    maxPayload: LIMITS.frameBytes,
    maxFragments: FRAGMENTS,
    maxBufferedChunks: READS,
    perMessageDeflate: false,
  });
  const keepAlive = new KeepAlive(pulse);
  const serve = createSocketServer(parts, keepAlive);

  server.on('upgrade', (req, socket, head) => {
    // Until `ws` takes over, this is the only error listener. Without it, a reset of the connection ends the process.
    socket.on('error', destroy);
    parts.intake.addRequest(parts.readArrival(req).address, () => {
      if (!socket.destroyed) answerUpgrade(req, socket as Socket, head);
    });
  });

  function answerUpgrade(req: IncomingMessage, socket: Socket, head: Buffer): void {
    let upgrade: Upgrade;
    try {
      upgrade = readUpgrade(req, parts);
    } catch (error) {
      refuse(socket, asAppError(error as Error));
      return;
    }
    const headBytes = head.length;
    wss.handleUpgrade(req, socket, head, (ws) => serve(ws, socket, { ...upgrade, headBytes }));
  }

  return {
    async close(graceMs) {
      keepAlive.stop();
      await closeAll(wss, graceMs);
    },
  };
}

/** The part of an upgrade request that is kept. The request itself can be freed. */
type Upgrade = { token: string | undefined; address: string; hasParams: boolean };
type UpgradeRules = Pick<WsParts, 'originRule' | 'readArrival' | 'checkHost'>;

/** @throws AppError for a request that gets no socket: a path, a host or an origin that is not ours. */
function readUpgrade(req: IncomingMessage, { originRule, readArrival, checkHost }: UpgradeRules): Upgrade {
  const url = URL.parse(req.url ?? '', `http://${req.headers.host ?? 'localhost'}`);
  const arrival = readArrival(req);
  if (!url) throw new AppError('BAD_REQUEST', 'malformed', 'The address or the Host header cannot be read.');
  if (url.pathname !== '/trpc') throw noSocketHere();
  checkHost(arrival);
  originRule.check(req.headers.origin, arrival);
  const hasParams = url.searchParams.get('connectionParams') === '1';
  return { token: tokenOf(req.headers), address: arrival.address, hasParams };
}

/** @returns a function that serves a socket: it finds the user, counts the sockets, and hands over the messages. */
function createSocketServer(
  { services, router, log, rateLimits, intake }: Omit<WsParts, 'server' | 'pulse' | keyof UpgradeRules>,
  keepAlive: KeepAlive,
) {
  const onError = reportTo(log);
  const strangers = new Strangers();
  const unfinished = new UnfinishedFrames((address, task) => intake.addRequest(address, task));
  const users = new UserSockets();

  return (
    ws: WebSocket,
    connection: Socket,
    { token, address, hasParams, headBytes }: Upgrade & { headBytes: number },
  ) => {
    const socket = new ClientSocket(ws, connection, rateLimits ? new FrameRate() : undefined);
    socket.person = address;
    socket.onProgress = () => keepAlive.markAlive(ws);
    const forget = strangers.add(ws, address);
    const endWatch = unfinished.watch(ws, connection, { address, headBytes });
    /** Runs once per socket and finds its user. */
    const createContext = async (params: ConnectionParams): Promise<Context> => {
      try {
        const user = await services.identity.identify(params?.token ?? token);
        if (user && ws.readyState === ws.OPEN) ws.once('close', users.add(user.id, socket));
        if (user) {
          forget();
          endWatch();
          socket.person = user.id;
        }
        return { user, address, work: services.work, keepSession: ignore, connection: ws };
      } catch (error) {
        return rethrowAsTRPCError(error);
      }
    };
    const client = new TrpcSocket(socket, { router, onError, intake, createContext }, hasParams);
    connectEvents(ws, client, keepAlive);
    if (hasParams) closeUnlessNamed(ws, client);
  };
}

/** Closes a socket whose client does not send the connection parameters that it has announced. */
function closeUnlessNamed(ws: WebSocket, client: TrpcSocket): void {
  const timer = setTimeout(() => {
    if (client.awaitsParams) ws.close(CLOSE.stranger, 'no connection parameters came in time');
  }, PARAMS_WAIT_MS).unref();
  ws.once('close', () => clearTimeout(timer));
}

function connectEvents(ws: WebSocket, client: TrpcSocket, keepAlive: KeepAlive): void {
  keepAlive.markAlive(ws);
  ws.on('message', (data: Buffer, isBinary) => {
    // After the server has closed, it reads only to see the client's own close frame.
    if (ws.readyState !== ws.OPEN) return;
    keepAlive.markAlive(ws);
    client.read(data, isBinary);
  });
  for (const control of ['ping', 'pong'] as const) {
    ws.on(control, () => {
      keepAlive.markAlive(ws);
      client.countControl();
    });
  }
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

function noSocketHere(): AppError {
  return new AppError('NOT_FOUND', 'no_route', 'WebSockets are served at /trpc only.');
}

function refuse(socket: Duplex, error: AppError): void {
  // A client that keeps its side open must not hold the socket, and with it the server's stop, for ever.
  socket.once('finish', () => socket.destroy());
  const status = STATUS[error.code];
  const body = problemBody(error);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    'Cache-Control: no-store',
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
