import { type Attack, calls, enter, repeatFrames } from './attack.ts';

/** Calls whose input is refused, 400 in a frame, over and over. */
export const badInputs: Attack = {
  name: 'bad inputs',
  async run(target) {
    const frame = JSON.stringify(
      calls(400, 'mutation', 'messages.send', () => ({ roomId: '', clientId: 'x', text: 7, mentions: {} })),
    );
    await repeatFrames(target, { token: await enter(target), sockets: 8, frame, everyMs: 250 });
  },
};
