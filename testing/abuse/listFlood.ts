import { type Attack, calls, enter, repeatFrames } from './attack.ts';

/** Lists of rooms and of members, 400 in a frame, over and over. */
export const listFlood: Attack = {
  name: 'rooms.list and members',
  async run(target) {
    const { longRoomId: roomId } = target;
    const rooms = calls(200, 'query', 'rooms.list', () => ({ limit: 200, search: 'room' }));
    const members = calls(200, 'query', 'rooms.members', () => ({ roomId, limit: 200 }));
    const frame = JSON.stringify([...rooms, ...members]);
    await repeatFrames(target, { token: await enter(target), sockets: 8, frame, everyMs: 250 });
  },
};
