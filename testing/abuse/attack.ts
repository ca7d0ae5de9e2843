import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';

/** The server under attack. */
export type Target = {
  url: string;
  /** A public room with some thousand messages, typed and spoken. @see addLongRoom */
  longRoomId: string;
  /** Aborts at the end of the attack. */
  signal: AbortSignal;
};

/** One client against all the others, with no more requests than one laptop can make. */
export type Attack = {
  name: string;
  /** Attacks until the signal aborts, and leaves nothing open. A refusal of the server does not end it. */
  run: (target: Target) => Promise<void>;
};

/** One call as tRPC writes it into a frame. */
export type RawCall = { id: number; method: string; params: { path: string; input: unknown } };

export function calls(
  count: number,
  method: 'query' | 'mutation' | 'subscription',
  path: string,
  input: (i: number) => unknown,
): RawCall[] {
  return Array.from({ length: count }, (_, id) => ({ id, method, params: { path, input: input(id) } }));
}

/** Calls a mutation over HTTP. @returns its answer. @throws Error if the server refuses it. */
async function post(url: string, path: string, input: unknown, token?: string): Promise<unknown> {
  const response = await fetch(`${url}/trpc/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearer(token) },
    body: JSON.stringify(input),
  });
  const answer = (await response.json()) as { result?: { data: unknown } };
  if (!answer.result) throw new Error(`${path}: ${response.status}`);
  return answer.result.data;
}

export function bearer(token: string | undefined): Record<string, string> {
  return token ? { authorization: `Bearer ${token}` } : {};
}

/** Enters as a guest and joins the long room. @returns the token. */
export async function enter({ url, longRoomId }: Target): Promise<string> {
  const { token } = (await post(url, 'session.guest', { name: 'Mallory' })) as { token: string };
  await post(url, 'rooms.join', { roomId: longRoomId }, token);
  return token;
}

/** Opens a socket that reads and forgets all answers. */
export async function openSocket(url: string, token?: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/trpc`, { headers: bearer(token) });
  socket.on('error', () => {});
  socket.on('message', () => {});
  await once(socket, 'open');
  return socket;
}

/** Sends the same frame again and again over several sockets, each time when it has been answered or after `everyMs`. */
export async function repeatFrames(
  { url, signal }: Target,
  { token, sockets, frame, everyMs }: { token?: string; sockets: number; frame: string; everyMs: number },
): Promise<void> {
  const opened = await Promise.all(Array.from({ length: sockets }, () => openSocket(url, token)));
  while (!signal.aborted) {
    for (const socket of opened) if (socket.readyState === WebSocket.OPEN) socket.send(frame);
    await pause(everyMs, signal);
  }
  for (const socket of opened) socket.terminate();
}

/** Repeats an act until the signal aborts. An act that fails is repeated a little later. */
export async function repeat(signal: AbortSignal, act: () => Promise<unknown>): Promise<void> {
  while (!signal.aborted) await act().catch(() => pause(20, signal));
}

/** Waits, but not beyond the end of the attack. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}
