import { type Attack, calls, enter, openSocket, pause } from './attack.ts';

/** 200 searches in one frame; the socket is closed at once. */
export const searchesThenClose: Attack = {
  name: '200 searches, then close',
  async run(target) {
    const token = await enter(target);
    const frame = JSON.stringify(calls(200, 'query', 'messages.search', (i) => ({ query: `o ${i % 10}` })));
    while (!target.signal.aborted) {
      const socket = await openSocket(target.url, token);
      socket.send(frame, () => socket.terminate());
      await pause(50, target.signal);
    }
  },
};
