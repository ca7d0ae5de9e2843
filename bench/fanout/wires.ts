import { randomUUID } from 'node:crypto';

/** Whoever connects: to Roomscribe as a member of a room, to the others as anybody. */
export type Seat = { token: string; roomId: string };

/** What a server speaks inside of WebSocket frames, no more of it than a load needs. */
export type Wire = {
  path: string;
  /** What is sent when the socket is open. */
  open: (seat: Seat, cursor?: string) => string[];
  /** The answer to what is not a message, if it wants one. */
  answer: (text: string) => string | undefined;
  /** Whether this says that messages come from now on. */
  isJoined: (text: string) => boolean;
  isMessage: (payload: Buffer) => boolean;
  say: (text: string, seat: Seat) => string;
};

export type WireName = 'trpc' | 'socketio' | 'ws';

const SUBSCRIPTION = 1;
let calls = 1_000;

function call(id: number, method: string, path: string, input: object): string {
  return JSON.stringify({ id, method, params: { path, input } });
}

const trpc: Wire = {
  path: '/trpc?connectionParams=1',
  open: ({ token, roomId }, cursor) => [
    JSON.stringify({ method: 'connectionParams', data: { token } }),
    call(SUBSCRIPTION, 'subscription', 'messages.live', { roomId, lastEventId: cursor }),
  ],
  answer: (text) => (text === 'PING' ? 'PONG' : undefined),
  isJoined: (text) => text.includes('"presence"'),
  // {"id":1,"result":{"type":"data","data":{"id":"…","data":{"type":"message" …
  isMessage: (payload) =>
    payload.length > 90 && payload.toString('latin1', 0, 90).includes('"type":"message"'),
  say(text, { roomId }) {
    calls += 1;
    return call(calls, 'mutation', 'messages.send', { roomId, clientId: randomUUID(), text });
  },
};

const socketio: Wire = {
  path: '/socket.io/?EIO=4&transport=websocket',
  open: () => ['40'],
  answer(text) {
    if (text === '2') return '3';
    return text.startsWith('40') ? '42["join"]' : undefined;
  },
  isJoined: (text) => text === '42["joined"]',
  isMessage: (payload) => payload.length > 90 && payload.toString('latin1', 0, 12) === '42["message"',
  say: (text) => `42${JSON.stringify(['say', text])}`,
};

const ws: Wire = {
  path: '/',
  open: () => ['join'],
  answer: () => undefined,
  isJoined: (text) => text === 'joined',
  isMessage: (payload) => payload.length > 90,
  say: (text) => text,
};

export const WIRES: Record<WireName, Wire> = { trpc, socketio, ws };
