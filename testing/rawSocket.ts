import { once } from 'node:events';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { Channel } from '../server/flow/channel.ts';

/** Sends raw text to a server. @returns everything that the server sends until it closes the connection. */
export async function rawExchange(url: string, request: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let answer = '';
  socket.on('data', (part) => {
    answer += part.toString('latin1');
  });
  socket.write(request);
  // A server that refuses the request may reset the connection while we still write.
  socket.on('error', () => {});
  await once(socket, 'close');
  return answer;
}

/** The request of a WebSocket upgrade, including the blank line at its end. */
export function upgradeRequest(target: string, host: string, headers: string[] = []): string {
  return [
    `GET ${target} HTTP/1.1`,
    `Host: ${host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
    '\r\n',
  ].join('\r\n');
}

export type RawSocket = AsyncDisposable & {
  send: (frame: string | Uint8Array) => void;
  /** The next frame of the server, parsed from JSON. PING frames are left out. */
  next: () => Promise<Answer>;
  /** Resolves with the close code. */
  closed: Promise<number>;
  isOpen: () => boolean;
};

export type Answer = {
  id: unknown;
  error?: { message: string; data: Record<string, unknown> };
  result?: unknown;
};

/** Opens a WebSocket without the tRPC client. @throws Error with the HTTP status if the server refuses the upgrade. */
export async function openRawSocket(
  url: string,
  options: { token?: string; origin?: string; path?: string } = {},
) {
  const headers = options.token ? { authorization: `Bearer ${options.token}` } : {};
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}${options.path ?? '/trpc'}`, {
    headers,
    origin: options.origin,
  });
  const answers = new Channel<Answer>();
  socket.on('message', (data) => {
    if (data.toString() !== 'PING') answers.push(JSON.parse(data.toString()) as Answer);
  });
  const closed = once(socket, 'close').then(([code]) => code as number);
  void closed.then(() => answers.fail(new Error('The socket is closed.')));
  await once(socket, 'open');
  socket.on('error', () => {});
  const raw: RawSocket = {
    send: (frame) => socket.send(frame),
    async next() {
      const { value } = await answers.next();
      return value as Answer;
    },
    closed,
    isOpen: () => socket.readyState === WebSocket.OPEN,
    async [Symbol.asyncDispose]() {
      socket.close();
      await closed;
    },
  };
  return raw;
}
