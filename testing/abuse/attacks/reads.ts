import type { Attack, Target } from '../attack.ts';
import { calls } from '../frames.ts';
import { bearer, openSocket, pause, repeat, repeatFrames } from '../wire.ts';

const FORMATS = ['json', 'txt', 'srt', 'vtt'];

/** Eight replays in a frame, over 32 sockets, over and over. */
async function replay({ url, token, longRoomId: roomId, signal }: Target, lastEventId: string) {
  const frame = JSON.stringify(calls(8, 'subscription', 'messages.live', () => ({ roomId, lastEventId })));
  const attackOnce = () =>
    repeat(signal, async () => {
      const socket = await openSocket(url, token);
      socket.send(frame);
      await pause(500, signal);
      socket.terminate();
    });
  await Promise.all(Array.from({ length: 32 }, attackOnce));
}

/** The oldest cursor from which the server still replays. */
async function oldestCursor({ url, token, longRoomId: roomId }: Target): Promise<string> {
  const input = encodeURIComponent(JSON.stringify({ roomId }));
  const response = await fetch(`${url}/trpc/rooms.get?input=${input}`, { headers: bearer(token) });
  const { result } = (await response.json()) as { result: { data: { rev: number } } };
  return String(Math.max(0, result.data.rev - 1_900));
}

export const readAttacks: Attack[] = [
  {
    name: 'lists of rooms and members',
    person: 'user',
    async run(target) {
      const { longRoomId: roomId } = target;
      const rooms = calls(200, 'query', 'rooms.list', () => ({ limit: 200, search: 'room' }));
      const members = calls(200, 'query', 'rooms.members', () => ({ roomId, limit: 200 }));
      const frame = JSON.stringify([...rooms, ...members]);
      await repeatFrames(target, { sockets: 8, everyMs: 250, frame: () => frame });
    },
  },
  {
    name: 'lists of large messages',
    person: 'user',
    async run(target) {
      const input = { roomId: target.largeRoomId, limit: 200 };
      const frame = JSON.stringify(calls(200, 'query', 'messages.list', () => input));
      await repeatFrames(target, { sockets: 8, everyMs: 250, frame: () => frame });
    },
  },
  { name: 'replays from 0', person: 'user', run: (target) => replay(target, '0') },
  {
    name: 'replays of 1,900 changes',
    person: 'user',
    run: async (target) => replay(target, await oldestCursor(target)),
  },
  {
    name: 'exports in a loop',
    person: 'user',
    async run({ url, token, longRoomId, signal }) {
      const download = async (format: string) => {
        const path = `/api/rooms/${longRoomId}/transcript.${format}`;
        const response = await fetch(url + path, { headers: bearer(token), signal });
        for await (const _ of response.body ?? []);
      };
      await Promise.all([...FORMATS, ...FORMATS].map((format) => repeat(signal, () => download(format))));
    },
  },
  {
    name: 'HTTP batches of 100 pages',
    person: 'user',
    async run({ url, token, largeRoomId, signal }) {
      const path = Array(100).fill('messages.list').join(',');
      const page = { roomId: largeRoomId, limit: 200 };
      const input = encodeURIComponent(JSON.stringify(Object.fromEntries(Array(100).fill(page).entries())));
      const ask = async () => {
        const address = `${url}/trpc/${path}?batch=1&input=${input}`;
        const response = await fetch(address, { headers: bearer(token), signal });
        for await (const _ of response.body ?? []);
      };
      await Promise.all(Array.from({ length: 8 }, () => repeat(signal, ask)));
    },
  },
];
