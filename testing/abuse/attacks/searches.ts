import type { Attack } from '../attack.ts';
import { calls } from '../frames.ts';
import { openSocket, pause, repeat, repeatFrames } from '../wire.ts';

/** 27 KB. The phrases occur in many messages of the long room. */
const searches = JSON.stringify(calls(200, 'query', 'messages.search', (i) => ({ query: `o ${i % 10}` })));

export const searchAttacks: Attack[] = [
  {
    name: '200 searches, then close',
    person: 'user',
    run: ({ url, token, signal }) =>
      repeat(signal, async () => {
        const socket = await openSocket(url, token);
        socket.send(searches, () => socket.terminate());
        await pause(50, signal);
      }),
  },
  {
    name: '200 searches, kept open',
    person: 'user',
    run: (target) => repeatFrames(target, { sockets: 4, everyMs: 250, frame: () => searches }),
  },
  {
    name: 'searches of a guest',
    person: 'guest',
    run: (target) => repeatFrames(target, { sockets: 8, everyMs: 250, frame: () => searches }),
  },
  {
    name: 'searches for a common word',
    person: 'user',
    async run(target) {
      const { longRoomId: roomId } = target;
      const common = JSON.stringify([
        ...calls(100, 'query', 'messages.search', () => ({ query: 'alpha', roomId, limit: 200 })),
        ...calls(100, 'query', 'messages.search', () => ({ query: 'alpha zulu', roomId })),
      ]);
      await repeatFrames(target, { sockets: 8, everyMs: 250, frame: () => common });
    },
  },
  {
    name: 'searches for U+FDFA',
    person: 'user',
    async run(target) {
      // One such character folds to eighteen.
      const input = { query: '\uFDFA'.repeat(80), roomId: target.longRoomId };
      const frame = JSON.stringify(calls(200, 'query', 'messages.search', () => input));
      await repeatFrames(target, { sockets: 8, everyMs: 250, frame: () => frame });
    },
  },
];
