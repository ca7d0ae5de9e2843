import { type Attack, calls, enter, repeatFrames } from './attack.ts';

/** 200 searches in a frame, over and over, whose answers are awaited. */
export const searchesKept: Attack = {
  name: '200 searches, kept open',
  async run(target) {
    const frame = JSON.stringify(calls(200, 'query', 'messages.search', (i) => ({ query: `o ${i % 10}` })));
    await repeatFrames(target, { token: await enter(target), sockets: 4, frame, everyMs: 250 });
  },
};
