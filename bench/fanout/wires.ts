import { randomUUID } from 'node:crypto';

/** One person who connects. Only Roomscribe needs the token and the room; the other servers let anybody in. */
export type Seat = { token: string; roomId: string };

/** The protocol that a server speaks inside of WebSocket frames, as far as a load needs it. */
export type Wire = {
  path: string;
  /** The texts that a client sends when the socket is open. */
  open: (seat: Seat, cursor?: string) => string[];
  /** The answer to a frame that is not a message; undefined if it needs no answer. */
  answer: (text: string) => string | undefined;
  /** Whether this frame confirms that messages arrive from now on. */
  isJoined: (text: string) => boolean;
  isMessage: (payload: Buffer) => boolean;
  /** The request that sends a text to the room. */
  sendText: (text: string, seat: Seat) => string;
};

export type WireName = 'trpc' | 'socketio' | 'ws';

/** Ids of tRPC requests. */
const SUBSCRIPTION_ID = 1;
let lastCallId = 1_000;

function call(id: number, method: string, path: string, input: object): string {
  return JSON.stringify({ id, method, params: { path, input } });
}

const trpc: Wire = {
  path: '/trpc?connectionParams=1',
  open: ({ token, roomId }, cursor) => [
    JSON.stringify({ method: 'connectionParams', data: { token } }),
    call(SUBSCRIPTION_ID, 'subscription', 'messages.live', { roomId, lastEventId: cursor }),
  ],
  answer: (text) => (text === 'PING' ? 'PONG' : undefined),
  isJoined: (text) => text.includes('"presence"'),
  // A message begins: {"id":1,"result":{"type":"data","data":{"id":"…","data":{"type":"message" …
  isMessage: (payload) =>
    payload.length > 90 && payload.toString('latin1', 0, 90).includes('"type":"message"'),
  sendText(text, { roomId }) {
    lastCallId += 1;
    return call(lastCallId, 'mutation', 'messages.send', { roomId, clientId: randomUUID(), text });
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
  sendText: (text) => `42${JSON.stringify(['say', text])}`,
};

const ws: Wire = {
  path: '/',
  open: () => ['join'],
  answer: () => undefined,
  isJoined: (text) => text === 'joined',
  isMessage: (payload) => payload.length > 90,
  sendText: (text) => text,
};

export const WIRES: Record<WireName, Wire> = { trpc, socketio, ws };
