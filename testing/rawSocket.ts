import { once } from 'node:events';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { Channel } from '../server/flow/channel.ts';

/** Writes bytes to a server as they are, and answers everything it says until it closes. */
export async function rawExchange(url: string, request: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let answer = '';
  socket.on('data', (part) => {
    answer += part.toString('latin1');
  });
  socket.write(request);
  // A server that refuses may close with a reset while we still write.
  socket.on('error', () => {});
  await once(socket, 'close');
  return answer;
}

/** The lines of a WebSocket upgrade, as far as the blank line. */
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
  /** The next answer, as JSON. */
  next: () => Promise<Answer>;
  /** Settles with the code of the close. */
  closed: Promise<number>;
  isOpen: () => boolean;
};

export type Answer = {
  id: unknown;
  error?: { message: string; data: Record<string, unknown> };
  result?: unknown;
};

/** A WebSocket without any client around it. @throws Error with the status, if the upgrade is refused. */
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
  void closed.then(() => answers.fail(new Error('the socket closed')));
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
