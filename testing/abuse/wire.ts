import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { Target } from './attack.ts';

export function bearer(token: string | undefined): Record<string, string> {
  return token ? { authorization: `Bearer ${token}` } : {};
}

/** Calls a mutation over HTTP. @returns its answer. @throws Error if the server refuses it. */
export async function post<T>(url: string, path: string, input: unknown, token?: string): Promise<T> {
  const response = await fetch(`${url}/trpc/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearer(token) },
    body: JSON.stringify(input),
  });
  const answer = (await response.json()) as { result?: { data: T } };
  if (!answer.result) throw new Error(`${path}: ${response.status}`);
  return answer.result.data;
}

/** Opens a WebSocket whose answers are read and forgotten. */
export async function openSocket(url: string, token?: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/trpc`, { headers: bearer(token) });
  socket.on('error', () => {});
  socket.on('message', (data) => {
    if (data.toString() === 'PING') socket.send('PONG');
  });
  await once(socket, 'open');
  return socket;
}

/** Opens a WebSocket that reads nothing. */
export async function openDeafSocket(url: string, token?: string): Promise<WebSocket> {
  const socket = await openSocket(url, token);
  socket.pause();
  return socket;
}

/** Opens a TCP connection to the server. It reads nothing. */
export async function openConnection(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).pause();
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** A request without a body. Several of them in a row are a pipeline. */
export function getRequest({ url, token }: Pick<Target, 'url' | 'token'>, path: string): string {
  const session = token ? `Authorization: Bearer ${token}\r\n` : '';
  return `GET ${path} HTTP/1.1\r\nHost: ${new URL(url).host}\r\n${session}\r\n`;
}

/** The head of a POST. Its body follows, or does not. */
export function postHead(
  { url, token }: Pick<Target, 'url' | 'token'>,
  path: string,
  bodyBytes: number,
): string {
  const session = token ? `Authorization: Bearer ${token}\r\n` : '';
  return (
    `POST ${path} HTTP/1.1\r\nHost: ${new URL(url).host}\r\n${session}` +
    `Content-Type: application/json\r\nContent-Length: ${bodyBytes}\r\n\r\n`
  );
}

/** Sends while the socket is open, no faster than the kernel takes it. */
export async function flood(socket: WebSocket, signal: AbortSignal, sendSome: () => void): Promise<void> {
  while (!signal.aborted && socket.readyState === WebSocket.OPEN) {
    if (socket.bufferedAmount < 1024 * 1024) sendSome();
    await pause(1, signal);
  }
  socket.terminate();
}

/** The capacity of a line of 1 Gbit/s. A loopback device carries ten times as much, and no laptop sends that. */
const LINE_BYTES_PER_MS = 125_000;

/** Sends the same bytes over each of many connections, as fast as an attacker's line carries them. */
export async function sendOverEach(
  connections: NodeJS.WritableStream[],
  bytes: Buffer,
  signal: AbortSignal,
): Promise<void> {
  const began = performance.now();
  let sent = 0;
  for (const connection of connections) {
    connection.write(bytes);
    sent += bytes.length;
    const aheadMs = sent / LINE_BYTES_PER_MS - (performance.now() - began);
    if (aheadMs > 1) await pause(aheadMs, signal);
  }
}

/** Sends the same frame again and again over several sockets that read. A socket that the server cuts is replaced. */
export async function repeatFrames(
  { url, token, signal }: Target,
  { sockets, everyMs, frame }: { sockets: number; everyMs: number; frame: () => string | Uint8Array },
): Promise<void> {
  const attackOnce = () =>
    repeat(signal, async () => {
      const socket = await openSocket(url, token);
      while (!signal.aborted && socket.readyState === WebSocket.OPEN) {
        socket.send(frame());
        await pause(everyMs, signal);
      }
      socket.terminate();
    });
  await Promise.all(Array.from({ length: sockets }, attackOnce));
}

/** Repeats an act until the signal aborts. An act that fails is repeated a little later. */
export async function repeat(signal: AbortSignal, act: () => Promise<unknown>): Promise<void> {
  while (!signal.aborted) await act().catch(() => pause(20, signal));
}

/** Waits, but not beyond the end of the attack. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}

/** Waits for the end of the attack. */
export async function ended(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
