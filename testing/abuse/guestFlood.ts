import { type Attack, calls, repeatFrames } from './attack.ts';

/** New guests without end, from one address. Each of them is a row of the database. */
export const guestFlood: Attack = {
  name: 'guests without end',
  async run(target) {
    const frame = JSON.stringify(calls(100, 'mutation', 'session.guest', (i) => ({ name: `Guest ${i}` })));
    await repeatFrames(target, { sockets: 8, frame, everyMs: 250 });
  },
};
