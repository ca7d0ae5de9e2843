import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/**
 * What the proxy does to a WebSocket: refuse the handshake, leave it open, pass it and then cut it, or pass everything.
 */
export type Treatment = 'refuse' | 'hang' | 'cut' | 'pass';

export type SocketBlocker = AsyncDisposable & {
  url: string;
  treatment: Treatment;
  /** The paths and queries of all requests so far. */
  requested: string[];
};

/** A proxy that passes HTTP and server-sent events, and treats WebSockets as some proxies do. */
export async function openSocketBlocker(serverUrl: string, treatment: Treatment): Promise<SocketBlocker> {
  const port = Number(new URL(serverUrl).port);
  const sockets = new Set<Duplex>();
  const requested: string[] = [];
  const server = createServer((req, res) => {
    requested.push(req.url ?? '');
    pass(req, res, port);
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
  });
  const blocker: SocketBlocker = {
    ...{ url: '', treatment, requested },
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
  server.on('upgrade', (req, socket, head) => {
    requested.push(req.url ?? '');
    if (blocker.treatment === 'hang') return;
    if (blocker.treatment === 'refuse') {
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
      return;
    }
    const upstream = connect(port, '127.0.0.1');
    sockets.add(upstream);
    upstream.on('error', () => socket.destroy()).on('close', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
    upstream.write(rawRequest(req));
    upstream.write(head);
    if (blocker.treatment === 'pass') {
      socket.pipe(upstream).pipe(socket);
      return;
    }
    // The answer to the handshake is passed on. Then the proxy cuts the connection.
    upstream.once('data', (answer: Buffer) => socket.end(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  blocker.url = `http://localhost:${(server.address() as AddressInfo).port}`;
  return blocker;
}

function pass(req: IncomingMessage, res: ServerResponse, port: number): void {
  const { method, url, headers } = req;
  const upstream = request({ port, host: '127.0.0.1', method, path: url, headers }, (answer) => {
    res.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(res);
  });
  upstream.on('error', () => res.destroy());
  res.on('close', () => upstream.destroy());
  req.pipe(upstream);
}

function rawRequest({ method, url, rawHeaders }: IncomingMessage): string {
  const lines = rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${rawHeaders[i + 1]}`] : []));
  return `${method} ${url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
}
