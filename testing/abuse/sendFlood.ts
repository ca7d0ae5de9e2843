import { randomUUID } from 'node:crypto';
import { type Attack, calls, enter, openSocket, pause } from './attack.ts';

const SOCKETS = 8;
/** Long texts, because they cost the search index most. A frame holds 128 KiB. */
const TEXT = 'the quick brown fox '.repeat(45);

/** 1,000 long messages of one person at once, over eight sockets. */
export const sendFlood: Attack = {
  name: '1,000 sends at once',
  async run(target) {
    const { url, longRoomId: roomId, signal } = target;
    const token = await enter(target);
    const sockets = await Promise.all(Array.from({ length: SOCKETS }, () => openSocket(url, token)));
    const frame = () =>
      JSON.stringify(
        calls(125, 'mutation', 'messages.send', () => ({ roomId, clientId: randomUUID(), text: TEXT })),
      );
    while (!signal.aborted) {
      for (const socket of sockets) socket.send(frame());
      await pause(1_000, signal);
    }
    for (const socket of sockets) socket.terminate();
  },
};
